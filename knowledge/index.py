"""The persistent index over guides and added articles: built aside, swapped in whole, kept until its texts change."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from uuid import uuid4

from filelock import FileLock, Timeout

from knowledge.encoder import Embedder, Vectors
from knowledge.errors import IndexCorrupt, IndexMissing, KnowledgeError
from knowledge.ingest import AddedSource
from knowledge.passages import Chunk, Guide, Passage
from knowledge.words import WordIndex

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection  # pyright: ignore[reportMissingTypeStubs]

Entry: TypeAlias = Passage | Chunk

FORMAT = 4
COLLECTION = "knowledge"
POINTER = "current.json"
BATCH = 500
# An entry is found by its facets; the first one bears its id alone. One alike facet may be chance, several are not.
FACET = "#"
FACETS_A_HIT, FACETS_THAT_COUNT = 4, 5
FEWEST_FACETS = 100
# So wide that two graphs of the same texts find the same: with 200 they did not for one query in fifteen.
SEARCHED = 1500
LOCK_TIMEOUT_S = 120.0
BUILD = "run `inertia knowledge build`"


@dataclass(frozen=True)
class Pointer:
    """Which build is in use: its folder's name, what it was made from, and how many entries it has."""

    build: str
    key: str
    embedder: str
    entries: int


class Index:
    """An open index. `rebuilt` says why it was made anew, `stale` why an older one is used; both are None else."""

    def __init__(
        self, client: Client, collection: Collection, entries: tuple[Entry, ...], embedder: Embedder, mark: FileLock
    ) -> None:
        self._client = client
        self._collection = collection
        self._mark = mark
        self.entries = entries
        self.embedder = embedder
        self.rows = {entry.id: row for row, entry in enumerate(entries)}
        self._facets_of = {entry.id: len(_facets(entry)) for entry in entries}
        self.facets = sum(self._facets_of.values())
        self.words = WordIndex([_searched_words(entry) for entry in entries])
        self.rebuilt: str | None = None
        self.stale: str | None = None

    def query(self, vector: Vectors, k: int, where: dict[str, Any] | None = None) -> list[tuple[str, float]]:
        """At most `k` entries nearest in meaning as (id, cosine similarity), best first; `where` is Chroma's filter.

        An entry is as near as its nearest facets on average (at most FACETS_THAT_COUNT of those it has); one that was
        not among the nearest found counts as near as the farthest of them. Raises IndexCorrupt where the files under
        the open index have gone or changed.
        """
        with _corruption("the index in use"):
            found = self._collection.query(
                query_embeddings=[vector],
                n_results=min(max(FACETS_A_HIT * k, FEWEST_FACETS), self.facets),
                where=where,
                include=["distances"],
            )
        distances = cast("list[list[float]]", found["distances"])
        found_of: dict[str, list[float]] = {}
        for id_, distance in zip(found["ids"][0], distances[0], strict=True):
            found_of.setdefault(id_.partition(FACET)[0], []).append(1.0 - float(distance))
        least = min((one for facets in found_of.values() for one in facets), default=0.0)
        nearness = {id_: self._nearness(id_, facets, least) for id_, facets in found_of.items()}
        return sorted(nearness.items(), key=lambda pair: -pair[1])[:k]

    def _nearness(self, id_: str, facets: Sequence[float], least: float) -> float:
        wanted = min(FACETS_THAT_COUNT, self._facets_of[id_])
        best = facets[:wanted]
        return (sum(best) + least * (wanted - len(best))) / wanted

    def close(self) -> None:
        """Let go of the files; closing twice is harmless."""
        self._client.close()
        _unmark(self._mark)


def ensure_index(
    folder: Path, guides: Sequence[Guide], added: Sequence[AddedSource], embedder: Embedder, *, force: bool = False
) -> Index:
    """Open the index of exactly these texts and this embedder, building it where it is not there (or with `force`).

    Where building fails, the older index stays in use and `Index.stale` says why; raises KnowledgeError where there
    is none either. Processes that start at once wait for one another.
    """
    entries = _entries(guides, added)
    key = index_key(entries, embedder)
    with _locked(folder):
        found = "asked for" if force else _open_current(folder, key, embedder)
        if isinstance(found, Index):
            return found
        try:
            _build(folder, key, entries, embedder)
        except KnowledgeError as error:
            return _open_older(folder, embedder, error)
        index = _open(folder, _read_pointer(folder), embedder)
        index.rebuilt = found
        return index


def open_index(folder: Path, embedder: Embedder) -> Index:
    """Open whatever index is there. Raises IndexMissing or IndexCorrupt, which say what to run."""
    if not (folder / POINTER).exists():
        raise IndexMissing(f"index in {folder}: there is none; {BUILD}")
    with _locked(folder):
        return _open(folder, _read_pointer(folder), embedder)


def index_key(entries: Sequence[Entry], embedder: Embedder) -> str:
    """Changes whenever an entry's text, the embedder or the way of storing changes."""
    parts = [FORMAT, embedder.fingerprint, [_dump(entry) for entry in entries]]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def _entries(guides: Sequence[Guide], added: Sequence[AddedSource]) -> tuple[Entry, ...]:
    passages = [passage for guide in guides for passage in guide.passages]
    chunks = [chunk for source in added for chunk in source.chunks]
    entries: tuple[Entry, ...] = (*passages, *chunks)
    if not entries:
        raise KnowledgeError("index: there is no text to index; give at least one guide or article")
    if len({entry.id for entry in entries}) != len(entries):
        raise KnowledgeError("index: two sources have the same id; rename one of the files")
    return entries


def _open_current(folder: Path, key: str, embedder: Embedder) -> Index | str:
    """The index in use where it is right and can be read, otherwise why one must be built."""
    try:
        pointer = _read_pointer(folder)
        if pointer.embedder != embedder.fingerprint:
            return "the embedder changed"
        if pointer.key != key:
            return "the texts changed"
        return _open(folder, pointer, embedder)
    except IndexMissing:
        return "there was none"
    except IndexCorrupt:
        return "the old one could not be read"


def _open_older(folder: Path, embedder: Embedder, failure: KnowledgeError) -> Index:
    try:
        index = _open(folder, _read_pointer(folder), embedder)
    except KnowledgeError:
        raise failure from None
    index.stale = str(failure)
    return index


def _build(folder: Path, key: str, entries: tuple[Entry, ...], embedder: Embedder) -> None:
    """Build aside, then point at it, then remove what nobody uses."""
    name = f"build-{uuid4().hex[:12]}"
    try:
        _fill(folder / name, entries, embedder)
        _point(folder, Pointer(name, key, embedder.fingerprint, len(entries)))
    except Exception as error:  # Chroma, SQLite and the file system each have their own
        shutil.rmtree(folder / name, ignore_errors=True)
        if isinstance(error, KnowledgeError):
            raise
        raise KnowledgeError(
            f"index in {folder}: could not be built ({_first_line(error)}); make room or check the folder's "
            f"permissions, then {BUILD}"
        ) from error
    _remove_others(folder, name)


def _fill(target: Path, entries: tuple[Entry, ...], embedder: Embedder) -> None:
    target.mkdir(parents=True)
    client = _connect(target)
    try:
        collection = client.create_collection(
            COLLECTION,
            embedding_function=None,
            # One thread, so that the same texts make the same graph in every process.
            configuration={"hnsw": {"space": "cosine", "ef_search": SEARCHED, "num_threads": 1}},
        )
        rows = [(row, n, text) for row, entry in enumerate(entries) for n, text in enumerate(_facets(entry))]
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            collection.upsert(
                ids=[f"{entries[row].id}{FACET}{n}" if n else entries[row].id for row, n, _ in batch],
                embeddings=embedder.encode([text for _, _, text in batch]),
                documents=[text for _, _, text in batch],
                metadatas=[
                    {"source": entries[row].source, "row": row, "entry": "" if n else _dump(entries[row])}
                    for row, n, _ in batch
                ],
            )
    finally:
        client.close()


def _point(folder: Path, pointer: Pointer) -> None:
    fresh = folder / f"{POINTER}.new"
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(asdict(pointer), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, folder / POINTER)


def _remove_others(folder: Path, current: str) -> None:
    """Remove other builds, but those that another process still has open: they go at a later build."""
    for build in folder.glob("build-*"):
        if build.name != current and not _is_in_use(build):
            shutil.rmtree(build, ignore_errors=True)


def _unmark(mark: FileLock) -> None:
    mark.release(force=True)
    Path(mark.lock_file).unlink(missing_ok=True)


def _is_in_use(build: Path) -> bool:
    for mark in build.glob("*.lock"):
        try:
            with FileLock(mark, timeout=0):
                pass
        except Timeout:
            return True
    return False


def _read_pointer(folder: Path) -> Pointer:
    path = folder / POINTER
    try:
        pointer = Pointer(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise IndexMissing(f"index in {folder}: there is none; {BUILD}") from None
    except (OSError, ValueError, TypeError) as error:
        raise IndexCorrupt(f"index in {folder}: {POINTER} cannot be read; {BUILD}") from error
    if not (folder / pointer.build / "chroma.sqlite3").is_file():
        raise IndexCorrupt(f"index in {folder}: its files are gone; {BUILD}")
    return pointer


def _open(folder: Path, pointer: Pointer, embedder: Embedder) -> Index:
    """Open a build and try it once. The caller holds the lock, so that nobody removes it meanwhile."""
    if pointer.embedder != embedder.fingerprint:
        raise IndexCorrupt(f"index in {folder}: was made with another embedder; {BUILD}")
    build = folder / pointer.build
    mark = FileLock(build / f"open-{os.getpid()}-{uuid4().hex[:8]}.lock", thread_local=False)
    client: Client | None = None
    try:
        with _corruption(f"index in {folder}"):
            mark.acquire(timeout=0)
            client = _connect(build)
            collection = client.get_collection(COLLECTION, embedding_function=None)
            index = Index(client, collection, _load_entries(collection, pointer.entries), embedder, mark)
            _try_out(index, collection)
        return index
    except IndexCorrupt:
        if client is not None:
            client.close()
        _unmark(mark)
        raise


def _load_entries(collection: Collection, expected: int) -> tuple[Entry, ...]:
    metadatas = [one for one in collection.get(include=["metadatas"])["metadatas"] or [] if one["entry"]]
    if len(metadatas) != expected:
        raise ValueError(f"{len(metadatas)} entries instead of {expected}")
    rows = sorted((int(cast(int, metadata["row"])), str(metadata["entry"])) for metadata in metadatas)
    return tuple(_parse(entry) for _, entry in rows)


def _try_out(index: Index, collection: Collection) -> None:
    """Find one entry by its own vector: files of vectors are only read by a query."""
    id_ = index.entries[0].id
    vectors = collection.get(ids=[id_], include=["embeddings"])["embeddings"]
    if vectors is None or not index.query(cast(Vectors, vectors[0]), 1):
        raise ValueError("vectors are gone")


def _facets(entry: Entry) -> list[str]:
    """What an entry is found by: all of it, and for a passage its parts and what people say who look for it."""
    whole = f"{entry.title}. {entry.text}"
    if isinstance(entry, Chunk):
        return [whole]
    return [whole, f"{entry.title}. {entry.idea}", entry.weak, *entry.asked]


def _searched_words(entry: Entry) -> str:
    """What the search by words looks at: not the better line, whose nouns are those of one field of selling."""
    if isinstance(entry, Chunk):
        return f"{entry.title}\n{entry.text}"
    asked = "\n".join(entry.asked)
    return f"{entry.title}\n{entry.title}\n{entry.idea}\n{entry.applies}\n{entry.weak}\n{asked}"


def _dump(entry: Entry) -> str:
    kind = "passage" if isinstance(entry, Passage) else "chunk"
    return json.dumps({"kind": kind, **asdict(entry)}, ensure_ascii=False)


def _parse(text: str) -> Entry:
    value: dict[str, Any] = json.loads(text)
    if value.pop("kind") == "chunk":
        return Chunk(**value)
    codes, asked = tuple(value.pop("codes")), tuple(value.pop("asked"))
    return Passage(codes=codes, asked=asked, **value)


def _connect(build: Path) -> Client:
    import chromadb
    from chromadb.config import Settings

    # Chroma would read a .env file of the folder it is started in.
    settings = cast("Any", Settings)(_env_file=None, anonymized_telemetry=False)
    return cast("Client", chromadb.PersistentClient(build, settings=settings))


@contextmanager
def _locked(folder: Path) -> Generator[None, None, None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "index.lock", timeout=LOCK_TIMEOUT_S):
            yield
    except Timeout as error:
        raise KnowledgeError(
            f"index in {folder}: another process has held it for {LOCK_TIMEOUT_S:.0f} s; stop that one or wait"
        ) from error
    except OSError as error:
        raise KnowledgeError(
            f"index in {folder}: cannot be used ({error.strerror}); check the folder's permissions"
        ) from error


@contextmanager
def _corruption(what: str) -> Generator[None, None, None]:
    """Turn whatever a broken database raises into IndexCorrupt."""
    try:
        yield
    except KnowledgeError:
        raise
    except BaseException as error:
        # A panic in Chroma's native part is no Exception, and is known by its name alone.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise IndexCorrupt(f"{what}: cannot be read ({_first_line(error)}); {BUILD}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:120]


def source_filter(sources: Iterable[str]) -> dict[str, Any]:
    """Chroma's filter for entries of these sources only."""
    return {"source": {"$in": list(sources)}}
