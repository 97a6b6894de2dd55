"""Resistance control: what is set as inertia is heard as talk for how things are.

Spearman's rank correlation of the inertia set at the start (5 levels) with the observed share of sustain talk, read by
the independent judge; after the control measure of simulated clients in arXiv 2606.10051.
"""

from __future__ import annotations

from collections.abc import Sequence

from evals import stats
from evals.play import Played
from evals.scoring import Reach, Run, Scored, figure, session_of

NAME = "resistance control"


def score(run: Run) -> Scored:
    """The correlation over sessions, and over the levels' means."""
    rows = run.of("levels")

    def over_sessions(chosen: Sequence[Played]) -> float | None:
        shares = [(float(one.spec.inertia or 0), run.sustain_share(one)) for one in chosen]
        known = [(level, share) for level, share in shares if share is not None]
        return stats.spearman([level for level, _ in known], [share for _, share in known])

    def over_levels(chosen: Sequence[Played]) -> float | None:
        levels = sorted({float(one.spec.inertia or 0) for one in chosen})
        means = [
            stats.mean([s for one in chosen if one.spec.inertia == level and (s := run.sustain_share(one)) is not None])
            for level in levels
        ]
        known = [(level, value) for level, value in zip(levels, means, strict=True) if value is not None]
        return stats.spearman([level for level, _ in known], [value for _, value in known])

    return Scored(
        [
            figure(NAME, "Spearman over sessions", rows, session_of, over_sessions, Reach("at least", 0.8)),
            figure(NAME, "Spearman over the means of the levels", rows, session_of, over_levels),
        ]
    )
