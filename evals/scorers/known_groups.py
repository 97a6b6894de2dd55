"""Known groups: does the buyer tell skilled reps from poor ones?

AUC (Mann and Whitney 1947) and Cohen's d (1988) of the terminal state and of the buyer's own talk as an independent
judge reads it, skilled against poor policies; Kendall's tau-b (1945) of the graded policies' rank with that state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evals import stats
from evals.play import Played
from evals.policies.policy import GRADED
from evals.scoring import POOR, SKILLED, Figure, Reach, Run, Scored, figure, terminal

NAME = "known groups"


def score(run: Run) -> Scored:
    """AUC and d of state and talk, tau of the graded policies, in all and a change each."""
    figures = _figures(run, run.main, "")
    for change in ("no mind", "noisy reader", "no retrieval"):
        changed = run.of("main", change=change)
        if changed:
            figures += [one for one in _figures(run, changed, f" ({change})") if "state" in one.name]
    return Scored(figures)


def _figures(run: Run, sessions: Sequence[Played], mark: str) -> list[Figure]:
    compared = [one for one in sessions if one.spec.policy in (*SKILLED, *POOR)]
    asked = not mark
    figures: list[Figure] = []
    for what, value in (("terminal state", terminal), ("own talk", run.openness)):
        known = [(one.spec.id, one.spec.policy in SKILLED, value(one)) for one in compared]
        rows = [(session, is_skilled, v) for session, is_skilled, v in known if v is not None]
        for name, by, bar in (("AUC", stats.auc, 0.95), ("Cohen's d", stats.cohen_d, 1.5)):
            reach = Reach("at least", bar) if asked else None
            lost = len(known) - len(rows)
            figures.append(figure(NAME, f"{name} of {what}{mark}", rows, _session, _split(by), reach, unscored=lost))
    graded = [(one.spec.id, one.spec.policy, terminal(one)) for one in sessions if one.spec.policy in GRADED]
    reach = Reach("at least", 0.8) if asked else None
    figures.append(figure(NAME, f"Kendall tau of graded state{mark}", graded, _session, _tau, reach))
    return figures


def _session(row: tuple[str, object, float]) -> str:
    return row[0]


def _split(
    by: Callable[[Sequence[float], Sequence[float]], float | None],
) -> Callable[[Sequence[tuple[str, bool, float]]], float | None]:
    def value(rows: Sequence[tuple[str, bool, float]]) -> float | None:
        return by([v for _, skilled, v in rows if skilled], [v for _, skilled, v in rows if not skilled])

    return value


def _tau(rows: Sequence[tuple[str, str, float]]) -> float | None:
    """Tau of the policies' rank with their mean terminal state."""
    means = {name: stats.mean([v for _, policy, v in rows if policy == name]) for name in GRADED}
    known = [(rank, value) for rank, name in enumerate(GRADED) if (value := means[name]) is not None]
    return stats.kendall([-float(rank) for rank, _ in known], [value for _, value in known])
