"""Resistance control: what is set as inertia is heard as talk for how things are.

Spearman's rank correlation of the inertia set at the start (5 levels) with the observed share of sustain talk, read by
the independent judge; after the control measure of simulated clients in arXiv 2606.10051.
"""

from __future__ import annotations

from collections.abc import Sequence

from evals import stats
from evals.scoring import Reach, Run, Scored, figure, mean_of

NAME = "resistance control"
Row = tuple[str, float, float]


def score(run: Run) -> Scored:
    """The correlation over sessions, and over the levels' means."""
    sessions = run.of("levels")
    known = [(one.spec.id, float(one.spec.inertia or 0), run.sustain_share(one)) for one in sessions]
    rows = [(session, level, share) for session, level, share in known if share is not None]
    lost = len(known) - len(rows)
    figures = [
        figure(NAME, "Spearman over sessions", rows, _session, _over_sessions, Reach("at least", 0.8), unscored=lost),
        figure(NAME, "Spearman over the means of the levels", rows, _session, _over_levels, unscored=lost),
    ]
    for level in sorted({level for _, level, _ in rows}):
        shares = [(session, share) for session, at, share in rows if at == level]
        figures.append(mean_of(NAME, f"sustain talk at inertia {level:g}", shares))
    return Scored(figures)


def _session(row: Row) -> str:
    return row[0]


def _over_sessions(rows: Sequence[Row]) -> float | None:
    return stats.spearman([level for _, level, _ in rows], [share for _, _, share in rows])


def _over_levels(rows: Sequence[Row]) -> float | None:
    levels = sorted({level for _, level, _ in rows})
    means = [stats.mean([share for _, at, share in rows if at == level]) for level in levels]
    return stats.spearman(levels, [value for value in means if value is not None])
