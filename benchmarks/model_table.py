"""The table of docs/model.md: each arm's turns judged by the checker of the evals, which is not the guard."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.model import ARMS, NAMES, ROOT
from bot.build import build
from bot.session import Turn
from evals import role_errors

PAGE = ROOT / "docs" / "model.md"
START, END = "<!-- table: made by `python -m benchmarks.model table` -->", "<!-- end of table -->"
KINDS = {
    "role reversal": {"role_reversal", "speaks_for_rep"},
    "narration": {"narration"},
    "leak": {"leak", "unearned"},
    "contradiction": {"contradiction"},
    "early agreement": {"early_agreement"},
    "premature ending": {"premature_ending"},
    "repeat": {"repeat"},
}


def show(path: Path) -> None:
    """Print the table and put it between the marks of the page."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    trainer = build(stored=False)
    arms: dict[str, list[dict[str, Any]]] = {arm: [] for arm in ARMS}
    for row in rows:
        turn = Turn.model_validate(row["turn"])
        before = [Turn.model_validate(one) for one in row["before"]]
        found = role_errors.errors(turn, before, trainer.persona(row["persona"]))
        row["kinds"], row["line"] = {str(error.kind) for error in found}, turn.prospect
        row["told"] = [f"{error.kind}: {error.words}" for error in found]
        arms[row["arm"]].append(row)
    text = "\n".join(_table(arms))
    print(text)
    for row in arms["c"]:
        if row["kinds"]:
            print(f"  (c) {row['persona']} {row['script']} {row['seed']}: {row['told']} | {row['line']}")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page.split(START)[0] + START + "\n" + text + "\n" + END + page.split(END)[1], encoding="utf-8")


def _table(arms: dict[str, list[dict[str, Any]]]) -> list[str]:
    turns = ", ".join(f"({arm}) {len(rows)}" for arm, rows in arms.items())
    model = next((row["turn"]["spoken"]["model"] for row in arms["c"]), "no model")
    measures: dict[str, Callable[[Sequence[dict[str, Any]]], str]] = {
        "any role error": lambda rows: _share(rows, lambda row: bool(row["kinds"])),
        **{
            name: lambda rows, k=kinds: _share(rows, lambda row: bool(row["kinds"] & k))
            for name, kinds in KINDS.items()
        },
        "mean length, words": lambda rows: f"{statistics.fmean(len(row['line'].split()) for row in rows):.1f}",
        "first word, median s": _first,
        "guard cut or added": lambda rows: _share(rows, lambda row: row["cut"]),
    }
    lines = [
        f"`{model}`, turns judged: {turns}.",
        "",
        "| | " + " | ".join(f"({arm}) {NAMES[arm]}" for arm in ARMS) + " |",
    ]
    lines.append("|---|" + "---|" * len(ARMS))
    for name, measure in measures.items():
        cells = [measure(arms[arm]) if arms[arm] else "none" for arm in ARMS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _share(rows: Sequence[dict[str, Any]], is_so: Callable[[dict[str, Any]], bool]) -> str:
    return f"{sum(map(is_so, rows)) / len(rows):.1%}"


def _first(rows: Sequence[dict[str, Any]]) -> str:
    known = [row["first_s"] for row in rows if row["first_s"] is not None]
    return f"{statistics.median(known):.2f}" if known else "at once"


def lines_of(path: Path, arm: str) -> list[str]:
    """The lines of an arm, for reading aloud."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [re.sub(r"\s+", " ", row["turn"]["prospect"]) for row in rows if row["arm"] == arm]
