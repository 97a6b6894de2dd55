"""State shown in words: can one hear the stance that the mind holds?

Agreement of the stance held with the one that an independent reader takes from the line alone: the share that is the
same, the share within one step of the ladder, and quadratically weighted kappa (Cohen 1968); after the measure of
intended against shown state in arXiv 2606.10051. What the judge itself is worth on lines of other hands stands beside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evals.lines import DATA, STANCES, Labelled, labelled
from evals.scoring import LADDER, Figure, Reach, Run, Scored, Worst, figure, mean_of

NAME = "state shown"
Pair = tuple[str, float, float]


def score(run: Run) -> Scored:
    """Agreement over turns of calls that went on, for single lines and for what three lines in a row show."""
    rows = [(one, turn, mark.heard) for one, turn, mark in run.marked(run.main) if str(turn.stance) in STANCES]
    read = [(one, turn, heard) for one, turn, heard in rows if heard]
    same = [(one.spec.id, float(heard.stance == str(turn.stance))) for one, turn, heard in read]
    pairs = [(one.spec.id, float(LADDER[str(turn.stance)]), heard.level) for one, turn, heard in read]
    three = [
        (c[0], round(sum(held for _, held, _ in (a, b, c)) / 3), sum(shown for _, _, shown in (a, b, c)) / 3)
        for a, b, c in zip(pairs, pairs[1:], pairs[2:], strict=False)
        if a[0] == b[0] == c[0]
    ]
    figures = [
        mean_of(NAME, "same stance, line by line", same, Reach("at least", 0.8), unscored=len(rows) - len(read)),
        mean_of(NAME, "within one step, line by line", _near(pairs)),
        figure(NAME, "weighted kappa, line by line", pairs, _session, _kappa),
        mean_of(NAME, "within one step, three lines", _near(three)),
        figure(NAME, "weighted kappa, three lines", three, _session, _kappa),
        *_own(run),
    ]
    apart = sorted(zip(read, pairs, strict=True), key=lambda row: -abs(row[1][1] - row[1][2]))[:10]
    worst = [
        Worst(one.spec.id, turn.number, f"held {turn.stance}, sounds {heard.stance}") for (one, turn, heard), _ in apart
    ]
    return Scored(figures, worst)


def _own(run: Run) -> list[Figure]:
    """What the judge is worth: the share of lines it hears as listeners did, by other hands and of these buyers."""
    others = [row for path in sorted(DATA.glob("test-*.tsv")) for row in labelled(path)]
    return [
        *_worth(run, others, f"{run.judge.name} on lines of other hands"),
        *_worth(run, labelled(DATA / "own-test.tsv"), f"{run.judge.name} on lines of these buyers"),
    ]


def _worth(run: Run, test: Sequence[Labelled], by: str) -> list[Figure]:
    heard = run.judge.hear_all([row.line for row in test])
    both = [(row, seen) for row, seen in zip(test, heard, strict=True) if seen]
    lost = len(test) - len(both)
    stance = [(str(n), float(row.stance == seen.stance)) for n, (row, seen) in enumerate(both)]
    talk = [(str(n), float(row.talk == seen.talk)) for n, (row, seen) in enumerate(both)]
    return [mean_of(NAME, f"{by}, {what}", v, unscored=lost) for what, v in (("stance", stance), ("talk", talk))]


def _session(pair: Pair) -> str:
    return pair[0]


def _near(pairs: Sequence[Pair]) -> list[tuple[str, float]]:
    return [(session, float(abs(round(shown) - held) <= 1)) for session, held, shown in pairs]


def _kappa(pairs: Sequence[Pair]) -> float | None:
    """1 - observed over chance disagreement, both squared; chance pairs every held stance with every shown one."""
    if len(pairs) < 2:
        return None
    held = np.array([held for _, held, _ in pairs])
    shown = np.round(np.array([shown for _, _, shown in pairs]))
    by_chance = float(np.var(held) + np.var(shown) + (held.mean() - shown.mean()) ** 2)
    return float(1 - np.mean((held - shown) ** 2) / by_chance) if by_chance > 0 else None
