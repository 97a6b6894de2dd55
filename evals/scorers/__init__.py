"""The scorers, one file each."""

from __future__ import annotations

from collections.abc import Callable

from evals.scorers import (
    advice_works,
    anti_agreeableness,
    coach,
    cost_and_time,
    known_groups,
    manner,
    reader,
    repetition,
    resistance_control,
    retrieval,
    role_errors,
    same_again,
    state_shown,
)
from evals.scoring import Run, Scored

SCORERS: dict[str, Callable[[Run], Scored]] = {
    "known groups": known_groups.score,
    "anti-agreeableness": anti_agreeableness.score,
    "resistance control": resistance_control.score,
    "state shown": state_shown.score,
    "role errors": role_errors.score,
    "repetition": repetition.score,
    "manner": manner.score,
    "coach": coach.score,
    "advice works": advice_works.score,
    "retrieval": retrieval.score,
    "reader": reader.score,
    "same again": same_again.score,
    "cost and time": cost_and_time.score,
}
