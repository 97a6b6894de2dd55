"""State shown in words: can one hear the stance that the mind holds?

Agreement of the stance held with the one that an independent reader takes from the line alone: the share that is the
same, the share within one step of the ladder, and quadratically weighted kappa (Cohen 1968); after the measure of
intended against shown state in arXiv 2606.10051. What the judge itself is worth on lines of other hands stands beside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.session import Turn
from evals import stats
from evals.judge import STANCES, labelled
from evals.play import Played
from evals.scoring import LADDER, Reach, Run, Scored, Worst, figure, turns_of

NAME = "state shown"
Pair = tuple[str, int, float, int]


def score(run: Run) -> Scored:
    """Agreement over turns of calls that went on, for single lines and for what three lines in a row show."""
    rows = [(one, turn) for one, turn in turns_of(run.main) if str(turn.stance) in STANCES]
    levels = run.judge.levels([turn.prospect for _, turn in rows])
    pairs = [
        (one.spec.id, LADDER[str(t.stance)], level, t.number) for (one, t), level in zip(rows, levels, strict=True)
    ]
    test = labelled("stances-test")
    read = run.judge.stances([row.line for row in test])
    own = [float(row.stance == seen) for row, seen in zip(test, read, strict=True)]
    talks = run.judge.talks([row.line for row in test])
    talk = [float(row.talk == seen) for row, seen in zip(test, talks, strict=True)]
    three = _over_three(rows, levels)
    figures = [
        figure(NAME, "same stance, line by line", pairs, _session, _same, Reach("at least", 0.8)),
        figure(NAME, "within one step, line by line", pairs, _session, _near),
        figure(NAME, "weighted kappa, line by line", pairs, _session, _kappa),
        figure(NAME, "within one step, three lines", three, _session, _near),
        figure(NAME, "weighted kappa, three lines", three, _session, _kappa),
        figure(NAME, "the judge itself on lines of other hands, stance", own, lambda _: "test", stats.mean),
        figure(NAME, "the judge itself on lines of other hands, talk", talk, lambda _: "test", stats.mean),
    ]
    worst = sorted(pairs, key=lambda pair: -abs(pair[1] - pair[2]))[:10]
    return Scored(figures, [Worst(s, n, f"held {STANCES[h]}, sounds like {v:.1f} of 4") for s, h, v, n in worst])


def _session(pair: Pair) -> str:
    return pair[0]


def _same(pairs: Sequence[Pair]) -> float | None:
    return stats.mean([float(round(shown) == held) for _, held, shown, _ in pairs])


def _near(pairs: Sequence[Pair]) -> float | None:
    return stats.mean([float(abs(round(shown) - held) <= 1) for _, held, shown, _ in pairs])


def _kappa(pairs: Sequence[Pair]) -> float | None:
    if len(pairs) < 2:
        return None
    held = np.array([pair[1] for pair in pairs])
    shown = np.array([round(pair[2]) for pair in pairs])
    apart = np.mean((held - shown) ** 2)
    by_chance = (
        np.mean((held[:, None] - shown[None, :]) ** 2)
        if len(held) < 3000
        else np.var(held) + np.var(shown) + (held.mean() - shown.mean()) ** 2
    )
    return float(1 - apart / by_chance) if by_chance > 0 else None


def _over_three(rows: Sequence[tuple[Played, Turn]], levels: Sequence[float]) -> list[Pair]:
    found: list[Pair] = []
    for n in range(2, len(rows)):
        (a, _), (b, _), (c, turn) = rows[n - 2], rows[n - 1], rows[n]
        if a is b is c:
            held = [LADDER[str(t.stance)] for _, t in rows[n - 2 : n + 1]]
            found.append((c.spec.id, round(sum(held) / 3), sum(levels[n - 2 : n + 1]) / 3, turn.number))
    return found
