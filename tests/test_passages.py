"""The guides are read strictly, and what is wrong is said with file, line and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.errors import KnowledgeError
from knowledge.passages import load_guides

SMALL = Path(__file__).parent / "data" / "small_guides"


@pytest.fixture
def guide_text() -> str:
    return (SMALL / "look-together.md").read_text("utf-8")


def load_one(folder: Path, text: str, name: str = "look-together.md", **options: object) -> None:
    (folder / name).write_text(text, "utf-8")
    load_guides(folder, **options)  # type: ignore[arg-type]


def test_a_guide_is_read_whole() -> None:
    first, second = load_guides(SMALL)
    assert (first.source, second.source) == ("cost-of-staying", "look-together")
    assert second.idea == "Some of what matters is known to nobody in the room yet."
    passage = second.passages[0]
    assert passage.id == "look-together/01"
    assert passage.title == "Do not ask for pains"
    assert passage.guide_title == "Another small guide for tests"
    assert passage.codes == ("pain_fishing", "open_question")
    assert passage.weak == "What keeps you up at night?"
    for part in (passage.idea, passage.applies, passage.weak, passage.better, passage.why):
        assert part in passage.text


def test_ids_do_not_depend_on_the_folder(tmp_path: Path, guide_text: str) -> None:
    (tmp_path / "look-together.md").write_text(guide_text, "utf-8")
    assert [p.id for p in load_guides(tmp_path)[0].passages] == [f"look-together/{n:02d}" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("source: look-together", "source: other", "line 1: source: 'other' is not the file's name"),
        ("publisher: ", "publishers: ", "line 5: publishers: unknown field"),
        ('author: "unknown"\n', "", "line 1: author: is missing; add a line `author: …`"),
        ("## 02 Who else", "## 04 Who else", "heading '## 04 Who else would see it'; write `## 02 "),
        ("## 02 Who else would see it", "## Who else", "write `## 02 A short title`"),
        ("field: lab equipment\n", "", "line 20: field: is missing"),
        ("why: It widens", "because: It widens", "because: unknown field; use idea"),
        ("for: unknowns", "for: Unknowns!", "line 23: for: 'Unknowns!' is no move code"),
        ("for: unknowns", "for: unknowns, unknowns", "line 23: for: names a code twice"),
        ("for: unknowns", "for:", "line 23: for: is empty"),
        ("field: lab equipment", "field: lab\nfield: equipment", "line 25: field: stands twice; keep one"),
        ("idea: Ask which", "Ask which", "line 21: 'Ask which colleague would notice first, ' is no field"),
        ("Some of what matters is known to nobody in the room yet.\n", "", "idea of the guide is missing"),
        ("---\nsource", "source", "line 1: the head is missing"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_fix(
    tmp_path: Path, guide_text: str, old: str, new: str, expected: str
) -> None:
    assert old in guide_text
    with pytest.raises(KnowledgeError) as caught:
        load_one(tmp_path, guide_text.replace(old, new, 1))
    assert any(
        line.startswith("look-together.md, line ") and expected in line for line in str(caught.value).split("\n")
    )


def test_every_mistake_gets_a_line_of_its_own(tmp_path: Path, guide_text: str) -> None:
    wrong = guide_text.replace("for: unknowns", "for:").replace("why: It widens", "wy: It widens")
    with pytest.raises(KnowledgeError) as caught:
        load_one(tmp_path, wrong)
    assert len(str(caught.value).split("\n")) == 3


def test_a_code_outside_the_given_ones_is_refused(tmp_path: Path, guide_text: str) -> None:
    with pytest.raises(KnowledgeError, match="line 23: for: 'unknowns' is no move code; use pitch, telling"):
        load_one(tmp_path, guide_text, codes=["pitch", "telling"])


def test_a_guide_without_passages_is_refused(tmp_path: Path, guide_text: str) -> None:
    with pytest.raises(KnowledgeError, match="holds no passage"):
        load_one(tmp_path, guide_text.split("## 01")[0])


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", b"---\n---\n", b"## 01 x\n"])
def test_rubbish_is_refused_and_never_crashes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rubbish.md").write_bytes(content)
    with pytest.raises(KnowledgeError, match=r"rubbish\.md, line 1"):
        load_guides(tmp_path)


def test_a_folder_without_guides_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"holds no \.md file"):
        load_guides(tmp_path)
