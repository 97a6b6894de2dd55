"""The guides: strict reading of `articles/*.md` into passages that can be cited."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import yaml

from knowledge.errors import KnowledgeError

HEAD_FIELDS = ("source", "title", "author", "publisher", "practises", "watches_for")
PASSAGE_FIELDS = ("idea", "applies", "for", "field", "weak", "better", "why")

ASKED = "asked.yaml"

_FIELD = re.compile(r"([A-Za-z_]+):\s*(.*)")
_HEADING = re.compile(r"##\s+(\d{2})\s+(\S.*)")
_SOURCE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CODE = re.compile(r"[a-z]+(_[a-z]+)*")


@dataclass(frozen=True)
class Passage:
    """A citable piece of a guide; `asked` holds what people say who look for it."""

    id: str
    source: str
    title: str
    guide_title: str
    author: str
    publisher: str
    idea: str
    applies: str
    codes: tuple[str, ...]
    field: str
    weak: str
    better: str
    why: str
    asked: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What a reader is shown and what is searched, without the title."""
        return (
            f"{self.idea}\nWhen: {self.applies}\nIn {self.field}, instead of “{self.weak}”\n"
            f"say “{self.better}”\nWhy: {self.why}"
        )


@dataclass(frozen=True)
class Chunk:
    """A citable piece of a whole article that someone added."""

    id: str
    source: str
    title: str
    text: str


@dataclass(frozen=True)
class Guide:
    """One coaching guide, made after one article."""

    source: str
    title: str
    author: str
    publisher: str
    practises: str
    watches_for: str
    idea: str
    passages: tuple[Passage, ...]


def default_articles() -> Path:
    """Where the guides that ship with the package lie."""
    return Path(str(files("knowledge").joinpath("articles")))


def load_guides(folder: Path | None = None, *, codes: Collection[str] | None = None) -> tuple[Guide, ...]:
    """Read every guide of a folder, in the order of their names.

    With `codes`, a passage may be for these only. Raises KnowledgeError with one line a problem: file, line, what
    is wrong, what to write.
    """
    folder = folder or default_articles()
    paths = sorted(folder.glob("*.md"))
    if not paths:
        raise KnowledgeError(f"guides folder {folder}: holds no .md file; reinstall inertia or name another folder")
    problems: list[str] = []
    guides = [_read_guide(path, codes, problems) for path in paths]
    if problems:
        raise KnowledgeError("\n".join(problems))
    return _with_asked(tuple(guide for guide in guides if guide is not None), folder / ASKED)


def _with_asked(guides: tuple[Guide, ...], path: Path) -> tuple[Guide, ...]:
    """The guides with what people say who look for each passage; a folder may do without the file."""
    if not path.exists():
        return guides
    try:
        asked: dict[str, list[str]] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        phrases = {name: tuple(str(line) for line in lines) for name, lines in asked.items()}
    except (OSError, yaml.YAMLError, AttributeError, TypeError) as error:
        raise KnowledgeError(f"{path}: cannot be read as phrases by passage id; mend or remove it") from error
    unknown = sorted(set(phrases) - {passage.id for guide in guides for passage in guide.passages})
    if unknown:
        raise KnowledgeError(f"{path}: {unknown[0]} is the id of no passage; mend or remove the entry")
    return tuple(
        replace(guide, passages=tuple(replace(one, asked=phrases.get(one.id, ())) for one in guide.passages))
        for guide in guides
    )


@dataclass(frozen=True)
class _Block:
    """Numbered lines under one heading, or under none."""

    line: int
    heading: str
    lines: tuple[tuple[int, str], ...]


class _Report:
    """Collects what is wrong with one file."""

    def __init__(self, file: str, problems: list[str]) -> None:
        self._file = file
        self._problems = problems
        self._before = len(problems)

    def add(self, line: int, problem: str, fix: str) -> None:
        self._problems.append(f"{self._file}, line {line}: {problem}; {fix}")

    @property
    def is_clean(self) -> bool:
        return len(self._problems) == self._before


def _read_guide(path: Path, codes: Collection[str] | None, problems: list[str]) -> Guide | None:
    report = _Report(path.name, problems)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        report.add(1, "is not UTF-8 text", "save the file as UTF-8")
        return None
    except OSError as error:
        report.add(1, f"cannot be read ({error.strerror})", "check its permissions")
        return None
    head, body = _split_head(lines, report)
    values = _read_fields(head, HEAD_FIELDS, report)
    if values.get("source", path.stem) != path.stem:
        report.add(head.line, f"source: {values['source']!r} is not the file's name", f"write source: {path.stem}")
    if not _SOURCE.fullmatch(path.stem):
        report.add(1, f"file name {path.stem!r} cannot be a source id", "use small letters, digits and hyphens")
    blocks = _split_blocks(body)
    idea = " ".join(text.strip() for _, text in blocks[0].lines if text.strip())
    if not idea:
        report.add(blocks[0].line, "idea of the guide is missing", "write a paragraph before the first `## 01`")
    if len(blocks) == 1:
        report.add(blocks[0].line, "holds no passage", "add one headed `## 01 A short title`")
    passages = [_read_passage(block, number, values, codes, report) for number, block in enumerate(blocks[1:], start=1)]
    if not report.is_clean:
        return None
    return Guide(
        source=values["source"],
        title=values["title"],
        author=values["author"],
        publisher=values["publisher"],
        practises=values["practises"],
        watches_for=values["watches_for"],
        idea=idea,
        passages=tuple(passage for passage in passages if passage is not None),
    )


def _split_head(lines: list[str], report: _Report) -> tuple[_Block, list[tuple[int, str]]]:
    """The lines between the two `---` and the numbered lines after them."""
    numbered = list(enumerate(lines, start=1))
    fences = [number for number, line in numbered if line.strip() == "---"][:2]
    if len(fences) < 2 or fences[0] != 1:
        report.add(1, "the head is missing", "start with a line `---`, the head's fields, and a line `---`")
        return _Block(1, "", ()), numbered
    return _Block(1, "", tuple(numbered[1 : fences[1] - 1])), numbered[fences[1] :]


def _split_blocks(numbered: list[tuple[int, str]]) -> list[_Block]:
    first = numbered[0][0] if numbered else 1
    starts = [index for index, (_, line) in enumerate(numbered) if line.startswith("##")]
    ends = [*starts, len(numbered)]
    blocks = [_Block(first, "", tuple(numbered[: ends[0]]))]
    for start, end in zip(starts, ends[1:], strict=True):
        line, heading = numbered[start]
        blocks.append(_Block(line, heading, tuple(numbered[start + 1 : end])))
    return blocks


def _read_fields(block: _Block, wanted: tuple[str, ...], report: _Report) -> dict[str, str]:
    values: dict[str, str] = {}
    for number, line in block.lines:
        if not line.strip():
            continue
        match = _FIELD.fullmatch(line.strip())
        if match is None:
            report.add(number, f"{line.strip()[:40]!r} is no field", "put each field on one line, as `name: value`")
            continue
        name, value = match[1], _unquote(match[2])
        if name not in wanted:
            report.add(number, f"{name}: unknown field", f"use {', '.join(wanted)}")
        elif name in values:
            report.add(number, f"{name}: stands twice", "keep one")
        elif not value:
            report.add(number, f"{name}: is empty", "write its text on the same line")
        values.setdefault(name, value)
    for name in wanted:
        if name not in values:
            report.add(block.line, f"{name}: is missing", f"add a line `{name}: …`")
    return values


def _unquote(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return value[1:-1].strip()
    return value


def _read_passage(
    block: _Block, number: int, head: dict[str, str], codes: Collection[str] | None, report: _Report
) -> Passage | None:
    heading = _HEADING.fullmatch(block.heading.strip())
    if heading is None or int(heading[1]) != number:
        report.add(block.line, f"heading {block.heading.strip()[:40]!r}", f"write `## {number:02d} A short title`")
    values = _read_fields(block, PASSAGE_FIELDS, report)
    line = next((at for at, text in block.lines if text.strip().startswith("for:")), block.line)
    passage_codes = _read_codes(values.get("for", ""), line, codes, report)
    if heading is None or not report.is_clean:
        return None
    return Passage(
        id=f"{head['source']}/{number:02d}",
        source=head["source"],
        title=heading[2].strip(),
        guide_title=head["title"],
        author=head["author"],
        publisher=head["publisher"],
        codes=passage_codes,
        idea=values["idea"],
        applies=values["applies"],
        field=values["field"],
        weak=values["weak"],
        better=values["better"],
        why=values["why"],
    )


def _read_codes(value: str, line: int, known: Collection[str] | None, report: _Report) -> tuple[str, ...]:
    codes = tuple(code.strip() for code in value.split(",") if code.strip())
    for code in codes:
        if known is not None and code not in known:
            report.add(line, f"for: {code!r} is no move code", f"use {', '.join(known)}")
        elif known is None and not _CODE.fullmatch(code):
            report.add(line, f"for: {code!r} is no move code", "write codes with commas between, as `insight, telling`")
    if len(set(codes)) != len(codes):
        report.add(line, "for: names a code twice", "name each code once")
    return codes
