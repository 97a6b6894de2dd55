"""Manner: how long and how polite the buyer's lines are, against figures for people.

People's telephone turns have a median of 8 words, 42 % of them of up to five. We aim above it: a practice call is to be
read as well as heard, an answer has to carry the fact asked for and a reaction, so 10 to 30 words in the median; and we
want some short lines, for people who are comfortable answer shortly. Stated, not gated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from evals import stats
from evals.scoring import Run, Scored, Worst, figure, turns_of

NAME = "manner"
POLITE = re.compile(
    r"\b(?:please|thank(?:s| you)|sorry|kindly|I appreciate|of course|with pleasure|grand)\b", re.IGNORECASE
)
Row = tuple[str, int, str]


def score(run: Run) -> Scored:
    """Length, short lines, polite lines, questions."""
    rows = [(one.spec.id, turn.number, turn.prospect) for one, turn in turns_of(run.main)]
    measures: dict[str, Callable[[Sequence[Row]], float | None]] = {
        "median words a line": lambda r: float(np.median([len(x.split()) for _, _, x in r])) if r else None,
        "lines of up to five words": lambda r: stats.mean([float(len(x.split()) <= 5) for _, _, x in r]),
        "polite lines": lambda r: stats.mean([float(bool(POLITE.search(x))) for _, _, x in r]),
        "lines that ask": lambda r: stats.mean([float("?" in x) for _, _, x in r]),
    }
    people = {"median words a line": "people: 8", "lines of up to five words": "people: 42 %"}
    figures = [figure(NAME, n, rows, lambda r: r[0], f, note=people.get(n, "")) for n, f in measures.items()]
    longest = sorted(rows, key=lambda row: -len(row[2].split()))[:10]
    return Scored(figures, [Worst(s, n, f"{len(text.split())} words") for s, n, text in longest])
