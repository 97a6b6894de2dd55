"""The labelled messages: one plain-text format, read and checked here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.moves import Code, OtherKind

LABEL = re.compile(r"\{([a-z_.+]+):([^{}]+)\}")
CODES = frozenset(code.value for code in Code)
KINDS = frozenset(kind.value for kind in OtherKind)
PAIR = re.compile(r"^\[([^\[\]]+)\]\s*")


@dataclass(frozen=True)
class Span:
    """Words of a message, by character offsets, and the move they make."""

    code: Code
    start: int
    end: int


@dataclass(frozen=True)
class Labelled:
    """A rep message with the moves a person saw in it."""

    text: str
    prospect: str | None
    spans: tuple[Span, ...]
    kind: OtherKind | None
    field: str
    style: str
    pair: str | None
    where: str

    @property
    def codes(self) -> frozenset[Code]:
        """The codes the message carries; `other` when it carries none."""
        return frozenset(span.code for span in self.spans) or frozenset({Code.OTHER})


def parse_line(line: str) -> tuple[str, tuple[Span, ...], OtherKind | None]:
    """Split a labelled line into its text, spans and kind of `other`; ValueError says what is wrong."""
    text, last = "", 0
    spans: list[Span] = []
    kind: OtherKind | None = None
    for match in LABEL.finditer(line):
        text += line[last : match.start()]
        words = match.group(2)
        start, end = len(text), len(text) + len(words)
        for name in match.group(1).split("+"):
            code, _, sort = name.partition(".")
            if code not in CODES:
                raise ValueError(f"no such code: {code}")
            if code == Code.OTHER:
                if sort not in KINDS:
                    raise ValueError(f"other needs a kind, one of {', '.join(OtherKind)}: {name}")
                kind = OtherKind(sort)
            elif sort:
                raise ValueError(f"only other has kinds: {name}")
            else:
                spans.append(Span(Code(code), start, end))
        text += words
        last = match.end()
    text += line[last:]
    if re.search(r"[{}]", text):
        raise ValueError("a brace that is no label")
    if kind and spans:
        raise ValueError("other stands alone")
    if not kind and not spans:
        raise ValueError("no label at all (use {other.KIND:…})")
    return text, tuple(spans), kind


def read_file(path: Path) -> Iterator[Labelled]:
    """Yield the labelled messages of a file; ValueError names the file, the line and the fault."""
    field, style, prospect = "unnamed", "unnamed", None
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if not line:
            continue
        if line.startswith("#"):
            name, _, value = line.lstrip("# ").partition(":")
            if name == "field":
                field = value.strip()
            elif name == "style":
                style = value.strip()
            continue
        if line.startswith(">"):
            said = line[1:].strip()
            prospect = None if said in ("", "(none)") else said
            continue
        pair = PAIR.match(line)
        try:
            text, spans, kind = parse_line(line[pair.end() :] if pair else line)
        except ValueError as fault:
            raise ValueError(f"{path.name}:{number}: {fault}") from None
        yield Labelled(
            text, prospect, spans, kind, field, style, pair.group(1) if pair else None, f"{path.name}:{number}"
        )


def read_folder(folder: Path) -> list[Labelled]:
    """All labelled messages under a folder, in the order of the file names."""
    return [item for path in sorted(folder.glob("*.txt")) for item in read_file(path)]


if __name__ == "__main__":
    import sys
    from collections import Counter

    for name in sys.argv[1:]:
        items = list(read_file(Path(name)))
        counts = Counter(code.value for item in items for code in item.codes)
        print(f"{name}: {len(items)} messages", dict(counts.most_common()))
