"""Buyers' lines with their labels, by the guide of `LABELLING.md`: a file a hand, `stance<TAB>talk<TAB>line`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "datasets" / "lines"
STANCES = ("dismissive", "guarded", "curious", "concerned", "ready")
TALKS = ("sustain", "neutral", "change")


@dataclass(frozen=True)
class Labelled:
    """A buyer's line with what it shows."""

    line: str
    stance: str
    talk: str


def labelled(path: Path) -> list[Labelled]:
    """The lines of a file. Raises ValueError where a line has no known labels."""
    rows: list[Labelled] = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        stance, talk, line = text.split("\t")
        if stance not in STANCES or talk not in TALKS:
            raise ValueError(f"{path}, line {number}: {stance!r} and {talk!r} are no labels of the guide")
        rows.append(Labelled(line, stance, talk))
    return rows
