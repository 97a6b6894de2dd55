"""Anti-agreeableness: a poor rep is never given a step, a very good one nearly always is.

The share of poor-policy sessions that reach `agreed_next_step` within 20 turns, and of expert ones on easy and medium
buyers that do within 12.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evals import stats
from evals.play import Played
from evals.scoring import POOR, Figure, Reach, Run, Scored, Worst, figure, session_of

NAME = "anti-agreeableness"


def score(run: Run) -> Scored:
    """The share of sessions that ended in a step, poor and expert."""
    poor = [one for one in run.main if one.spec.policy in POOR]
    expert = [one for one in run.main if one.spec.policy == "expert"]
    fair = [one for one in expert if run.trainer.persona(one.spec.persona).difficulty != "hard"]
    hard = [one for one in expert if one not in fair]
    guide = [one for one in run.main if one.spec.policy == "guide"]
    figures: list[Figure] = [
        figure(NAME, "poor reps given a step", poor, session_of, _agreed(20), Reach("at most", 0.0)),
        figure(NAME, "experts given a step, easy and medium", fair, session_of, _agreed(12), Reach("at least", 0.9)),
        figure(NAME, "experts given a step, hard", hard, session_of, _agreed(12)),
        figure(NAME, "guides without challenge given a step", guide, session_of, _agreed(20)),
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


def _agreed(within: int) -> Callable[[Sequence[Played]], float | None]:
    def share(rows: Sequence[Played]) -> float | None:
        return stats.mean([float(_is_agreed(one, within)) for one in rows])

    return share


def _is_agreed(one: Played, within: int) -> bool:
    return one.session.outcome == "agreed_next_step" and len(one.session.turns) <= within
