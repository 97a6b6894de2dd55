"""The coach: can its feedback be checked, and would its line be better than what it replaces?

Shares over turns with feedback: quotes found verbatim; one fix at most, and every note with one to three passages that
are on its move or are found again by its words; nothing unearned given away (five-word runs); no line given twice in a
call. The rewrite is read by the assessor as a rep's line: it is better when it carries an advancing move and fewer
costly ones than the message that it replaces (a tie on a message without fault counts as no loss).
"""

from __future__ import annotations

from collections.abc import Callable

from evals.marks import Advice
from evals.scoring import Figure, Reach, Run, Scored, Worst, mean_of

NAME = "coach"
PROMISES: dict[str, Callable[[Advice], bool]] = {
    "quotes verbatim": lambda advice: advice.is_quoted,
    "one fix at most, cited to the point": lambda advice: advice.is_cited,
    "nothing unearned": lambda advice: advice.is_earned,
    "advice not repeated": lambda advice: advice.is_fresh,
}


def score(run: Run) -> Scored:
    """Each promise of the feedback, as the share of turns that keep it."""
    rows = [(one.spec.id, turn.number, mark.advice) for one, turn, mark in run.marked(run.main) if mark.advice]
    figures = [
        mean_of(NAME, name, [(s, float(holds(advice))) for s, _, advice in rows], Reach("at least", 1.0))
        for name, holds in PROMISES.items()
    ]
    worst = [Worst(s, n, f"not: {name}") for s, n, a in rows for name, holds in PROMISES.items() if not holds(a)]
    mended = [(session, number, advice.better) for session, number, advice in rows if advice.better is not None]
    better = [(session, float(is_better)) for session, _, is_better in mended]
    figures.append(mean_of(NAME, "rewrite reads better", better, Reach("at least", 0.95)))
    figures += _without_passages(run)
    worst += [Worst(s, n, "the rewrite reads no better") for s, n, is_better in mended if not is_better]
    return Scored(figures, worst[:10])


def _without_passages(run: Run) -> list[Figure]:
    """What is left of the feedback where nothing is retrieved for it; nothing where that was not played."""
    advice = [(one.spec.id, mark.advice) for one, _, mark in run.marked(run.of("main", change="no retrieval"))]
    rows = [(session, one) for session, one in advice if one]
    if not rows:
        return []
    better = [(session, float(one.better)) for session, one in rows if one.better is not None]
    return [
        mean_of(NAME, "cited to the point (no retrieval)", [(session, float(one.is_cited)) for session, one in rows]),
        mean_of(NAME, "rewrite reads better (no retrieval)", better),
    ]
