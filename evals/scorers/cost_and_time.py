"""Cost and time: tokens and cost where a model speaks, seconds to the first word and for the whole turn. Reported."""

from __future__ import annotations

from collections import Counter

import numpy as np

from evals.scoring import Figure, Run, Scored, Worst, turns_of

NAME = "cost and time"


def score(run: Run) -> Scored:
    """Medians and 95th percentiles of turns, tokens a turn, and cost a session."""
    seconds = [s for one in run.main for s in one.seconds]
    calls = [call for _, turn in turns_of(run.main) for call in turn.calls]
    figures: list[Figure] = []
    if seconds:
        figures += [
            Figure(NAME, "whole turn, median ms", float(np.median(seconds)) * 1000, n=len(seconds)),
            Figure(NAME, "whole turn, 95th percentile ms", float(np.percentile(seconds, 95)) * 1000, n=len(seconds)),
        ]
    firsts = [call.first_s for call in calls if call.first_s is not None]
    if firsts:
        figures.append(Figure(NAME, "first word, median s", float(np.median(firsts)), n=len(firsts)))
    figures.append(
        Figure(NAME, "tokens a turn", sum(c.prompt + c.completion for c in calls) / max(len(seconds), 1), n=len(calls))
    )
    priced = [call.cost for call in calls if call.cost is not None]
    figures.append(
        Figure(
            NAME,
            "cost a session",
            sum(priced) / max(len(run.main), 1),
            n=len(priced),
            unscored=len(calls) - len(priced),
        )
    )
    figures += _of_reps(run)
    slowest = sorted(((s, one, n) for one in run.main for n, s in enumerate(one.seconds, 1)), key=lambda x: -x[0])[:10]
    return Scored(figures, [Worst(one.spec.id, n, f"{s * 1000:.0f} ms") for s, one, n in slowest])


def _of_reps(run: Run) -> list[Figure]:
    """How many of the rep's messages a model gave, where one plays the rep, and why it did not give the others."""
    troubles = [trouble for one in run.main for trouble in one.rep_troubles]
    if not troubles:
        return []
    why = Counter(trouble for trouble in troubles if trouble)
    told = ", ".join(f"{trouble}: {count}" for trouble, count in why.most_common())
    given, n = len(troubles) - why.total(), len(troubles)
    return [
        Figure(NAME, "rep's messages that a model gave", float(given), n=n),
        Figure(NAME, "rep's messages that it did not", float(why.total()), n=n, note=told),
    ]
