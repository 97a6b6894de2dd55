"""The index is built once for its texts, swapped in whole, and survives crashes, corruption and company."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge import index as index_module
from knowledge.encoder import Embedder, Encoder, Vectors
from knowledge.errors import IndexCorrupt, IndexMissing, KnowledgeError
from knowledge.index import ensure_index, open_index
from knowledge.ingest import AddedSource
from knowledge.passages import Chunk, Guide, load_guides

SMALL = Path(__file__).parent / "data" / "small_guides"

OPEN = """
import os, sys, time
from pathlib import Path
from knowledge import index
from knowledge.encoder import Encoder
from knowledge.passages import load_guides
folder, guides = Path(sys.argv[1]), load_guides(Path(sys.argv[2]))
encoder = Encoder()
"""
CRASH = OPEN + "index._point = lambda *_: os.kill(os.getpid(), 9)\nindex.ensure_index(folder, guides, (), encoder)\n"
RACE = (
    OPEN
    + """
print("ready", flush=True)
sys.stdin.readline()
opened = index.ensure_index(folder, guides, (), encoder)
hits = opened.query(encoder.encode(["demo"])[0], 3)
print(opened.rebuilt, len(hits))
"""
)


class Watched:
    """The real encoder under another fingerprint, with a count, and a fault when asked for."""

    name = "watched"

    def __init__(self, encoder: Encoder, fingerprint: str = "watched") -> None:
        self._encoder = encoder
        self.fingerprint = fingerprint
        self.texts = 0
        self.is_disk_full = False

    def encode(self, texts: Sequence[str]) -> Vectors:
        if self.is_disk_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.texts += len(texts)
        return self._encoder.encode(texts)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture
def embedder(encoder: Encoder) -> Watched:
    return Watched(encoder)


@pytest.fixture(scope="module")
def guides() -> tuple[Guide, ...]:
    return load_guides(SMALL)


def changed(guides: tuple[Guide, ...]) -> tuple[Guide, ...]:
    first, *others = guides[0].passages
    return (replace(guides[0], passages=(replace(first, idea="Another idea."), *others)), *guides[1:])


def ensure_closed(folder: Path, guides: tuple[Guide, ...], embedder: Embedder) -> str | None:
    index = ensure_index(folder, guides, (), embedder)
    index.close()
    return index.rebuilt


def builds(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("build-*"))


def test_a_new_index_holds_every_passage_whole(tmp_path: Path, guides: tuple[Guide, ...], embedder: Watched) -> None:
    index = ensure_index(tmp_path, guides, (), embedder)
    assert index.rebuilt == "there was none"
    assert index.entries == tuple(passage for guide in guides for passage in guide.passages)
    nearest = index.query(embedder.encode(["Asking what keeps someone awake"])[0], 2)
    assert nearest[0][0] == "look-together/01"
    assert nearest[0][1] > nearest[1][1]
    index.close()
    index.close()


def test_the_same_texts_are_not_built_again(tmp_path: Path, guides: tuple[Guide, ...], embedder: Watched) -> None:
    ensure_closed(tmp_path, guides, embedder)
    before, embedder.texts = builds(tmp_path), 0
    assert ensure_closed(tmp_path, guides, embedder) is None
    assert builds(tmp_path) == before
    assert embedder.texts == 0


def test_a_changed_text_is_built_anew_and_the_old_build_goes(
    tmp_path: Path, guides: tuple[Guide, ...], embedder: Watched
) -> None:
    ensure_closed(tmp_path, guides, embedder)
    old = builds(tmp_path)
    assert ensure_closed(tmp_path, changed(guides), embedder) == "the texts changed"
    assert len(builds(tmp_path)) == 1
    assert builds(tmp_path) != old


def test_another_embedder_builds_anew(tmp_path: Path, guides: tuple[Guide, ...], encoder: Encoder) -> None:
    ensure_closed(tmp_path, guides, Watched(encoder, "one"))
    assert ensure_closed(tmp_path, guides, Watched(encoder, "two")) == "the embedder changed"
    with pytest.raises(IndexCorrupt, match="made with another embedder; run `inertia knowledge build`"):
        open_index(tmp_path, Watched(encoder, "one"))


def test_it_is_built_anew_when_asked_for(tmp_path: Path, guides: tuple[Guide, ...], embedder: Watched) -> None:
    ensure_closed(tmp_path, guides, embedder)
    index = ensure_index(tmp_path, guides, (), embedder, force=True)
    assert index.rebuilt == "asked for"
    index.close()


def test_added_articles_stand_beside_the_guides(tmp_path: Path, guides: tuple[Guide, ...], embedder: Watched) -> None:
    chunk = Chunk("article-bees/001", "article-bees", "Bees", "Bees dance to show the way to flowers.")
    index = ensure_index(tmp_path, guides, (AddedSource("article-bees", "Bees", "bees.txt", "0", (chunk,)),), embedder)
    vector = embedder.encode(["where do bees fly"])[0]
    assert index.query(vector, 1)[0][0] == "article-bees/001"
    only = index.query(vector, 10, index_module.source_filter(["look-together"]))
    assert {id_.split("/")[0] for id_, _ in only} == {"look-together"}
    index.close()


def test_a_build_that_someone_has_open_stays_usable(
    tmp_path: Path, guides: tuple[Guide, ...], embedder: Watched
) -> None:
    in_use = ensure_index(tmp_path, guides, (), embedder)
    ensure_closed(tmp_path, changed(guides), embedder)
    assert len(in_use.query(embedder.encode(["demo"])[0], 3)) == 3
    in_use.close()
    ensure_closed(tmp_path, guides, embedder)
    assert len(builds(tmp_path)) == 1


def test_killed_before_the_swap_leaves_the_old_one_in_use(tmp_path: Path, guides: tuple[Guide, ...]) -> None:
    encoder = Encoder()
    folder, other = tmp_path / "index", tmp_path / "guides"
    ensure_closed(folder, guides, encoder)
    pointer = (folder / "current.json").read_text()
    other.mkdir()
    for path in SMALL.glob("*.md"):
        (other / path.name).write_text(path.read_text("utf-8").replace("buyer", "customer"), "utf-8")
    killed = subprocess.run([sys.executable, "-c", CRASH, folder, other], env=child_env(), check=False)
    assert killed.returncode == -9
    assert len(builds(folder)) == 2
    assert (folder / "current.json").read_text() == pointer
    old = open_index(folder, encoder)
    assert old.entries == tuple(passage for guide in guides for passage in guide.passages)
    old.close()
    assert ensure_closed(folder, guides, encoder) is None
    assert ensure_closed(folder, load_guides(other), encoder) == "the texts changed"
    assert len(builds(folder)) == 1


def child_env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(index_module.__file__).parents[1])}


def test_two_processes_at_once_build_it_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RACE, tmp_path / "index", SMALL]
    racers = [
        subprocess.Popen(command, env=child_env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    answers = sorted(racer.communicate(timeout=60)[0].strip() for racer in racers)
    assert answers == ["None 3", "there was none 3"]
    assert len(builds(tmp_path / "index")) == 1


def break_database(folder: Path) -> None:
    (folder / builds(folder)[0] / "chroma.sqlite3").write_bytes(b"\0" * 5000)


def cut_database(folder: Path) -> None:
    os.truncate(folder / builds(folder)[0] / "chroma.sqlite3", 100_000)


def empty_database(folder: Path) -> None:
    os.truncate(folder / builds(folder)[0] / "chroma.sqlite3", 0)


def remove_database(folder: Path) -> None:
    (folder / builds(folder)[0] / "chroma.sqlite3").unlink()


def break_pointer(folder: Path) -> None:
    (folder / "current.json").write_text("{")


def miscount(folder: Path) -> None:
    pointer = json.loads((folder / "current.json").read_text())
    (folder / "current.json").write_text(json.dumps({**pointer, "entries": 999}))


@pytest.mark.parametrize(
    "harm", [break_database, cut_database, empty_database, remove_database, break_pointer, miscount]
)
def test_a_corrupt_index_is_said_to_be_so_and_built_anew(
    tmp_path: Path, guides: tuple[Guide, ...], embedder: Watched, harm: object
) -> None:
    assert callable(harm)
    ensure_closed(tmp_path, guides, embedder)
    harm(tmp_path)
    with pytest.raises(IndexCorrupt, match="run `inertia knowledge build`") as caught:
        open_index(tmp_path, embedder)
    assert "\n" not in str(caught.value)
    assert ensure_closed(tmp_path, guides, embedder) == "the old one could not be read"
    assert ensure_closed(tmp_path, guides, embedder) is None


def test_no_index_is_said_to_be_so(tmp_path: Path, embedder: Watched) -> None:
    with pytest.raises(IndexMissing, match="there is none; run `inertia knowledge build`"):
        open_index(tmp_path / "nowhere", embedder)
    assert not (tmp_path / "nowhere").exists()


def test_a_failed_build_leaves_the_older_one_in_use(
    tmp_path: Path, guides: tuple[Guide, ...], embedder: Watched
) -> None:
    ensure_closed(tmp_path, guides, embedder)
    embedder.is_disk_full = True
    index = ensure_index(tmp_path, changed(guides), (), embedder)
    assert index.rebuilt is None
    assert "No space left on device" in str(index.stale)
    assert index.entries == tuple(passage for guide in guides for passage in guide.passages)
    index.close()
    assert len(builds(tmp_path)) == 1


def test_a_failed_first_build_is_one_clear_line(tmp_path: Path, guides: tuple[Guide, ...], embedder: Watched) -> None:
    embedder.is_disk_full = True
    with pytest.raises(KnowledgeError, match=r"could not be built .*No space left.*run `inertia knowledge build`"):
        ensure_index(tmp_path, guides, (), embedder)
    assert builds(tmp_path) == []


def test_a_folder_that_is_a_file_is_one_clear_line(
    tmp_path: Path, guides: tuple[Guide, ...], embedder: Watched
) -> None:
    (tmp_path / "index").write_text("not a folder")
    with pytest.raises(KnowledgeError, match="cannot be used"):
        ensure_index(tmp_path / "index", guides, (), embedder)


def test_nothing_to_index_and_two_of_one_id_are_refused(
    tmp_path: Path, guides: tuple[Guide, ...], embedder: Watched
) -> None:
    with pytest.raises(KnowledgeError, match="no text to index"):
        ensure_index(tmp_path, (), (), embedder)
    with pytest.raises(KnowledgeError, match="same id"):
        ensure_index(tmp_path, (*guides, guides[0]), (), embedder)
