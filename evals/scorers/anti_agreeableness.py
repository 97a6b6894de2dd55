"""Anti-agreeableness: a poor rep is never given a step, a very good one nearly always is.

The share of poor-policy sessions that reach `agreed_next_step` within 20 turns, and of expert ones on easy and medium
buyers that do within 12.
"""

from __future__ import annotations

from collections.abc import Sequence

from evals.play import Played
from evals.scoring import POOR, Figure, Reach, Run, Scored, Worst, mean_of

NAME = "anti-agreeableness"


def score(run: Run) -> Scored:
    """The share of sessions that ended in a step, poor and expert."""
    poor = [one for one in run.main if one.spec.policy in POOR]
    expert = [one for one in run.main if one.spec.policy == "expert"]
    fair = [one for one in expert if run.trainer.persona(one.spec.persona).difficulty != "hard"]
    hard = [one for one in expert if one not in fair]
    guide = [one for one in run.main if one.spec.policy == "guide"]
    figures: list[Figure] = [
        mean_of(NAME, "poor reps given a step", _agreed(poor, 20), Reach("at most", 0.0)),
        mean_of(NAME, "experts given a step, easy and medium", _agreed(fair, 12), Reach("at least", 0.9)),
        mean_of(NAME, "experts given a step, hard", _agreed(hard, 12)),
        mean_of(NAME, "guides without challenge given a step", _agreed(guide, 20)),
    ]
    worst = [
        Worst(one.spec.id, len(one.session.turns), "a poor rep was given a step") for one in poor if _is_agreed(one, 20)
    ]
    worst += [
        Worst(one.spec.id, len(one.session.turns), "an expert was given none")
        for one in fair
        if not _is_agreed(one, 12)
    ]
    return Scored(figures, worst)


def _agreed(sessions: Sequence[Played], within: int) -> list[tuple[str, float]]:
    return [(one.spec.id, float(_is_agreed(one, within))) for one in sessions]


def _is_agreed(one: Played, within: int) -> bool:
    return one.session.outcome == "agreed_next_step" and len(one.session.turns) <= within
