"""Manner: how long and how polite the buyer's lines are, against figures for people.

People's telephone turns have a median of 8 words, 42 % of them of up to five. We aim above it: a practice call is to be
read as well as heard, an answer has to carry the fact asked for and a reaction, so 10 to 30 words in the median; and we
want some short lines, for people who are comfortable answer shortly. Stated, not gated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from evals.scoring import Run, Scored, Worst, figure, mean_of, turns_of

NAME = "manner"
POLITE = re.compile(
    r"\b(?:please|thank(?:s| you)|sorry|kindly|I appreciate|of course|with pleasure|grand)\b", re.IGNORECASE
)


def score(run: Run) -> Scored:
    """Length, short lines, polite lines, questions."""
    rows = [(one.spec.id, turn.number, turn.prospect) for one, turn in turns_of(run.main)]
    lengths = [(session, len(line.split())) for session, _, line in rows]
    shares: dict[str, Callable[[str], bool]] = {
        "lines of up to five words": lambda line: len(line.split()) <= 5,
        "polite lines": lambda line: bool(POLITE.search(line)),
        "lines that ask": lambda line: "?" in line,
    }
    median = figure(NAME, "median words a line", lengths, lambda row: row[0], _median, note="people: 8")
    figures = [
        mean_of(
            NAME, name, [(s, float(is_so(line))) for s, _, line in rows], note="people: 42 %" if "five" in name else ""
        )
        for name, is_so in shares.items()
    ]
    longest = sorted(rows, key=lambda row: -len(row[2].split()))[:10]
    return Scored([median, *figures], [Worst(s, n, f"{len(text.split())} words") for s, n, text in longest])


def _median(rows: Sequence[tuple[str, int]]) -> float | None:
    return float(np.median([words for _, words in rows])) if rows else None
