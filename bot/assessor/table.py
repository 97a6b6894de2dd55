"""The reader's table: `python -m bot.assessor.table` writes docs/assessor.md, `--check` holds the reader against it.

F1, precision and recall a code over messages; macro-F1 is their plain mean. Expected calibration error is the mean
gap between confidence and share of right moves over ten equal bins, weighted by their size (Naeini et al. 2015).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.assessor.data import Labelled, read_folder
from bot.assessor.reader import Reader
from bot.assessor.reading import Reading
from bot.moves import COSTLY, Code
from knowledge.encoder import default_folder

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs/assessor.md"
FIGURES = HERE / "figures.json"
START, END = "<!-- table: made by `python -m bot.assessor.table` -->", "<!-- end of table -->"
SLACK = 0.005
# The parts of the test set, by how their files' names begin.
PARTS = {
    "t": "calls as a coach would collect them",
    "p": "plain everyday wording",
    "live": "a practice call, typed",
    "short": "short follow-ups in the middle of a call",
}


@dataclass(frozen=True)
class Row:
    """One code's figures."""

    code: Code
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Table:
    """A reader's figures on a set of labelled messages, and where it was most surely wrong."""

    rows: tuple[Row, ...]
    calibration_error: float
    quotes_inside: float
    quote_overlap: float
    errors: tuple[str, ...]
    messages: int
    read_alike: float

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the codes that some message carries: what is labelled nowhere cannot be found."""
        found = [row.f1 for row in self.rows if row.support]
        return sum(found) / len(found)

    @property
    def worst_costly(self) -> float:
        """The lowest F1 among the costly codes."""
        return min(row.f1 for row in self.rows if row.code in COSTLY and row.support)


def measure(reader: Reader, items: Sequence[Labelled]) -> Table:
    """Read every message and count."""
    return count(items, [reader.read(item.text, item.prospect) for item in items])


def count(items: Sequence[Labelled], readings: Sequence[Reading]) -> Table:
    """The figures of messages that were read."""
    said = [frozenset(m.code for m in r.moves) or frozenset({Code.OTHER}) for r in readings]
    rows = tuple(_row(code, said, items) for code in Code)
    inside, overlap = _quotes(items, readings)
    alike = sum(s == i.codes for s, i in zip(said, items, strict=True)) / max(len(items), 1)
    return Table(rows, _calibration(items, readings), inside, overlap, _worst(items, readings, said), len(items), alike)


def _row(code: Code, said: Sequence[frozenset[Code]], items: Sequence[Labelled]) -> Row:
    hit = sum(code in s and code in i.codes for s, i in zip(said, items, strict=True))
    guessed = sum(code in s for s in said)
    true = sum(code in i.codes for i in items)
    precision, recall = hit / guessed if guessed else 0.0, hit / true if true else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return Row(code, precision, recall, f1, true)


def _calibration(items: Sequence[Labelled], readings: Sequence[Reading]) -> float:
    pairs = [(m.confidence, m.code in i.codes) for i, r in zip(items, readings, strict=True) for m in r.moves]
    bins = [[(c, ok) for c, ok in pairs if b / 10 <= c < (b + 1) / 10 or (b == 9 and c == 1.0)] for b in range(10)]
    gaps = [abs(sum(c for c, _ in one) - sum(ok for _, ok in one)) for one in bins if one]
    return sum(gaps) / max(1, len(pairs))


def _quotes(items: Sequence[Labelled], readings: Sequence[Reading]) -> tuple[float, float]:
    """Share of quotes that stand verbatim where they say, and their mean overlap (Jaccard) with the labelled words."""
    verbatim: list[bool] = []
    overlaps: list[float] = []
    for item, reading in zip(items, readings, strict=True):
        for move in reading.moves:
            verbatim.append(item.text[move.start : move.start + len(move.quote)] == move.quote)
            mine = set(range(move.start, move.start + len(move.quote)))
            spans = [set(range(s.start, s.end)) for s in item.spans if s.code == move.code]
            if spans:
                overlaps.append(max(len(mine & s) / len(mine | s) for s in spans))
    return sum(verbatim) / max(1, len(verbatim)), sum(overlaps) / max(1, len(overlaps))


def _worst(items: Sequence[Labelled], readings: Sequence[Reading], said: Sequence[frozenset[Code]]) -> tuple[str, ...]:
    found: list[tuple[float, str]] = []
    for item, reading, codes in zip(items, readings, said, strict=True):
        wrong = [m for m in reading.moves if m.code not in item.codes]
        missed = item.codes - codes
        if wrong or missed:
            sure = max((m.confidence for m in wrong), default=0.5)
            what = f"said {_names(codes)}, labelled {_names(item.codes)}"
            found.append((sure, f"“{item.text}” — {what}"))
    return tuple(text for _, text in sorted(found, key=lambda pair: (-pair[0], pair[1])))


def _names(codes: frozenset[Code]) -> str:
    return " + ".join(sorted(f"`{code}`" for code in codes))


def parts_of(items: Sequence[Labelled], readings: Sequence[Reading]) -> dict[str, Table]:
    """The figures of each part of the test set alone, by its name."""
    pairs = list(zip(items, readings, strict=True))
    parts = {name: [pair for pair in pairs if pair[0].where.startswith(start)] for start, name in PARTS.items()}
    return {name: count([item for item, _ in part], [read for _, read in part]) for name, part in parts.items()}


def render(table: Table, reader: Reader, learned: Counter[str], parts: Mapping[str, Table]) -> str:
    """The table as Markdown; `parts` are those of its set."""
    lines = [
        START,
        f"Reader `{reader.card.version}`, base {reader.card.base}, {reader.card.trained_on:,} messages learned from;",
        f"{table.messages} test messages, written apart.",
        "",
        "| code | precision | recall | F1 | support | learned from |",
        "|---|---|---|---|---|---|",
        *(
            f"| `{r.code}` | {r.precision:.2f} | {r.recall:.2f} | {r.f1:.2f} | {r.support} | {learned[r.code]} |"
            for r in table.rows
        ),
        f"| **macro** | | | **{table.macro_f1:.3f}** | | |",
        "",
        f"Expected calibration error {table.calibration_error:.3f}; worst costly code {table.worst_costly:.2f};",
        f"quotes verbatim {table.quotes_inside:.3f}, overlap with the labelled words {table.quote_overlap:.2f}.",
        "",
        *(
            f"- {name}: {one.messages} messages, macro-F1 {one.macro_f1:.3f}, "
            f"just the labelled codes in {one.read_alike:.3f}"
            for name, one in parts.items()
        ),
        *([""] if parts else []),
        "The ten worst errors, surest first:",
        "",
        *(f"{n}. {text}" for n, text in enumerate(table.errors[:10], 1)),
        END,
    ]
    return "\n".join(lines)


def main() -> None:
    """Write the page and its figures, or check the reader against the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--check", action="store_true", help="exit 1 when the reader is worse than the committed figures"
    )
    options.add_argument(
        "--set", default="test", choices=["test", "tune", "train"], help="print another set's table instead"
    )
    options.add_argument("--errors", type=int, default=0, help="print so many errors of another set")
    chosen = options.parse_args()
    reader = Reader(default_folder() / "tokenizer.json")
    items = read_folder(HERE / f"data/{chosen.set}")
    readings = [reader.read(item.text, item.prospect) for item in items]
    table = count(items, readings)
    learned = Counter(str(code) for item in read_folder(HERE / "data/train") for code in item.codes)
    if chosen.set != "test":
        print(render(table, reader, learned, {}))
        print("\n".join(table.errors[: chosen.errors]))
        return
    figures = {
        "macro_f1": table.macro_f1,
        "worst_costly": table.worst_costly,
        "calibration_error": table.calibration_error,
    }
    if chosen.check:
        sys.exit(_check(figures))
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else f"# The assessor\n\n{START}\n{END}\n"
    head, tail = page.split(START)[0], page.split(END)[1]
    PAGE.write_text(head + render(table, reader, learned, parts_of(items, readings)) + tail, encoding="utf-8")
    FIGURES.write_text(json.dumps({k: round(v, 4) for k, v in figures.items()}, indent=1) + "\n", encoding="utf-8")
    print(f"macro-F1 {table.macro_f1:.3f}, written to {PAGE.name}")


def _check(figures: dict[str, float]) -> int:
    committed: dict[str, float] = json.loads(FIGURES.read_text(encoding="utf-8"))
    worse = [k for k, v in figures.items() if (v - committed[k]) * (-1 if k == "calibration_error" else 1) < -SLACK]
    for name, value in figures.items():
        print(f"{name}: {value:.4f} (committed {committed[name]:.4f}){' WORSE' if name in worse else ''}")
    return 1 if worse else 0


if __name__ == "__main__":
    main()
