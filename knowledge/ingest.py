"""Whole articles as further sources: read, cut into chunks, kept as JSON so that an index can be made from them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from knowledge.documents import MAX_BYTES, SUFFIXES, Document, Unreadable, read_document
from knowledge.errors import KnowledgeError
from knowledge.passages import Chunk

CHUNK_WORDS = 120
PREFIX = "article-"
FORMAT = 1

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’)]*\s+")


@dataclass(frozen=True)
class AddedSource:
    """An article that was added; `origin` is the file it came from, `digest` that of the file's bytes."""

    source: str
    title: str
    origin: str
    digest: str
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True)
class Addition:
    """What adding came to: every source found, those that are new or changed, and one line a file left out."""

    sources: tuple[AddedSource, ...]
    changed: tuple[AddedSource, ...]
    refused: tuple[str, ...]


def add_articles(store_folder: Path, paths: Iterable[Path]) -> Addition:
    """Keep files, and all files of folders, as further sources; a changed file replaces what it was.

    A file that cannot be used is named in `refused` and the others go on. Raises KnowledgeError where the store
    itself cannot be read or written.
    """
    kept = {added.origin: added for added in load_added(store_folder)}
    sources: list[AddedSource] = []
    changed: list[AddedSource] = []
    refused: list[str] = []
    for path in _list_files(paths, refused):
        try:
            added = _read_source(path, kept)
        except Unreadable as error:
            refused.append(f"{path.name}: {error}")
            continue
        if kept.get(added.origin) != added:
            _write(store_folder, added)
            kept[added.origin] = added
            changed.append(added)
        sources.append(added)
    return Addition(tuple(sources), tuple(changed), tuple(refused))


def load_added(store_folder: Path) -> tuple[AddedSource, ...]:
    """Every source that was added, by id; none where nothing was. Raises KnowledgeError on a file it cannot read."""
    return tuple(_load(path) for path in sorted(store_folder.glob(f"{PREFIX}*.json")))


def split_chunks(text: str) -> list[str]:
    """Cut a text at its paragraphs into pieces of about 120 words; a longer paragraph is cut at its sentences."""
    pieces = [piece for paragraph in text.split("\n\n") for piece in _split_long(paragraph)]
    chunks: list[list[str]] = []
    size = 0
    for piece in pieces:
        words = len(piece.split())
        if not chunks or (size >= CHUNK_WORDS // 3 and size + words > CHUNK_WORDS * 1.2):
            chunks.append([])
            size = 0
        chunks[-1].append(piece)
        size += words
    if len(chunks) > 1 and size < CHUNK_WORDS // 4:
        chunks[-2:] = [chunks[-2] + chunks[-1]]
    return ["\n".join(chunk) for chunk in chunks]


def _split_long(paragraph: str) -> list[str]:
    if len(paragraph.split()) <= CHUNK_WORDS:
        return [paragraph] if paragraph.strip() else []
    pieces: list[list[str]] = [[]]
    for sentence in _SENTENCE_END.split(paragraph):
        words = sentence.split()
        for start in range(0, len(words), CHUNK_WORDS):
            part = words[start : start + CHUNK_WORDS]
            if pieces[-1] and len(pieces[-1]) + len(part) > CHUNK_WORDS:
                pieces.append([])
            pieces[-1].extend(part)
    return [" ".join(piece) for piece in pieces if piece]


def _list_files(paths: Iterable[Path], refused: list[str]) -> list[Path]:
    """Files in the order given, those of a folder by name, each once; hidden ones are left out."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = [file for file in sorted(path.rglob("*")) if file.is_file() and not _is_hidden(file, path)]
            if not inside:
                refused.append(f"{path.name}: the folder holds no file; name one with {', '.join(SUFFIXES)} files")
            found.update(dict.fromkeys(file.resolve() for file in inside))
        elif path.is_file():
            found[path.resolve()] = None
        else:
            refused.append(f"{path.name}: no such file; check the path")
    return list(found)


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _read_source(path: Path, kept: dict[str, AddedSource]) -> AddedSource:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise Unreadable(f"{size / 1e6:.1f} MB is too large; add files of at most {MAX_BYTES / 1e6:.0f} MB")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror}); check its permissions") from error
    digest = hashlib.sha256(content).hexdigest()
    same = next((added for added in kept.values() if added.digest == digest), None)
    if same is not None:
        return same
    before = kept.get(str(path))
    document = read_document(path.name, content)
    source = before.source if before else _free_slug(document.title, {added.source for added in kept.values()})
    return _build_source(source, str(path), digest, document)


def _build_source(source: str, origin: str, digest: str, document: Document) -> AddedSource:
    chunks = tuple(
        Chunk(f"{source}/{number:03d}", source, document.title, text)
        for number, text in enumerate(split_chunks(document.text), start=1)
    )
    return AddedSource(source, document.title, origin, digest, chunks)


def _free_slug(title: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower().replace("'", "")
    words = re.findall(r"[a-z0-9]+", plain)[:6] or ["untitled"]
    slug = PREFIX + "-".join(words)[:48].strip("-")
    number = 2
    free = slug
    while free in taken:
        free = f"{slug}-{number}"
        number += 1
    return free


def _write(folder: Path, added: AddedSource) -> None:
    target = folder / f"{added.source}.json"
    fresh = target.with_suffix(".new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps({"format": FORMAT, **asdict(added)}, ensure_ascii=False, indent=1), "utf-8")
        os.replace(fresh, target)
    except OSError as error:
        raise KnowledgeError(
            f"article store {folder}: {added.source} could not be written ({error.strerror}); make room or check "
            "the folder's permissions, then add it again"
        ) from error


def _load(path: Path) -> AddedSource:
    try:
        value = cast("dict[str, Any]", json.loads(path.read_text("utf-8")))
        chunks: Sequence[dict[str, str]] = value["chunks"]
        return AddedSource(
            source=str(value["source"]),
            title=str(value["title"]),
            origin=str(value["origin"]),
            digest=str(value["digest"]),
            chunks=tuple(Chunk(**chunk) for chunk in chunks),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KnowledgeError(
            f"added article {path}: cannot be read; delete the file and add the article again"
        ) from error
