"""Known groups: does the buyer tell skilled reps from poor ones?

AUC (Mann and Whitney 1947) and Cohen's d (1988) of the terminal state and of the buyer's own talk as an independent
judge reads it, skilled against poor policies; Kendall's tau-b (1945) of the graded policies' rank with that state.
"""

from __future__ import annotations

from collections.abc import Sequence

from evals import stats
from evals.play import Played
from evals.policies.policy import GRADED
from evals.scoring import POOR, SKILLED, Figure, Reach, Run, Scored, figure, session_of, terminal

NAME = "known groups"


def score(run: Run) -> Scored:
    """AUC and d of state and talk, tau of the graded policies, in all and a change each."""
    figures = _figures(run, run.main, "")
    for change in ("no mind", "noisy reader"):
        changed = run.of("main", change=change)
        if changed:
            figures += [one for one in _figures(run, changed, f" ({change})") if "state" in one.name]
    return Scored(figures)


def _figures(run: Run, sessions: Sequence[Played], mark: str) -> list[Figure]:
    compared = [one for one in sessions if one.spec.policy in (*SKILLED, *POOR)]
    asked = not mark

    def split(rows: Sequence[Played], of_talk: bool) -> tuple[list[float], list[float]]:
        groups: dict[bool, list[float]] = {True: [], False: []}
        for row in rows:
            value = run.openness(row) if of_talk else terminal(row)
            if value is not None:
                groups[row.spec.policy in SKILLED].append(value)
        return groups[True], groups[False]

    figures = [
        figure(
            NAME,
            f"{name} of {what}{mark}",
            compared,
            session_of,
            lambda rows, by=by, talk=talk: by(*split(rows, talk)),
            Reach("at least", bar) if asked else None,
        )
        for what, talk in (("terminal state", False), ("own talk", True))
        for name, by, bar in (("AUC", stats.auc, 0.95), ("Cohen's d", stats.cohen_d, 1.5))
    ]
    graded = [one for one in sessions if one.spec.policy in GRADED]
    figures.append(
        figure(
            NAME,
            f"Kendall tau of graded state{mark}",
            graded,
            session_of,
            _tau,
            Reach("at least", 0.8) if asked else None,
        )
    )
    return figures


def _tau(rows: Sequence[Played]) -> float | None:
    """Tau of the policies' rank with their mean terminal state."""
    means = {name: stats.mean([terminal(r) for r in rows if r.spec.policy == name]) for name in GRADED}
    known = [(rank, value) for rank, name in enumerate(GRADED) if (value := means[name]) is not None]
    return stats.kendall([-float(rank) for rank, _ in known], [value for _, value in known])
