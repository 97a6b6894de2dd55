"""Role errors: turns in which the buyer falls out of the part.

Role reversal, unearned facts said, contradictions, early agreement, premature ending and repeats, each as the share of
turns that have one, by `evals.role_errors`, which was written without a look at the guard.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.build import Trainer
from bot.session import Session
from evals import role_errors, stats
from evals.role_errors import RoleError
from evals.scoring import Figure, Reach, Run, Scored, Worst, figure

NAME = "role errors"
Row = tuple[str, int, frozenset[str]]
COUNTED = ("role_reversal", "unearned", "contradiction", "early_agreement", "premature_ending")


def score(run: Run) -> Scored:
    """The share of turns with any error, and with each kind."""
    rows: list[Row] = []
    worst: list[Worst] = []
    for one in run.main:
        for turn, found in zip(one.session.turns, errors_of(one.session, run.trainer), strict=True):
            rows.append((one.spec.id, turn.number, frozenset(str(error.kind) for error in found)))
            worst += [Worst(one.spec.id, turn.number, f"{e.kind}: {e.words}") for e in found if e.kind in COUNTED]
    figures: list[Figure] = [
        figure(NAME, "turns with an error", rows, _session, lambda r: _share(r, set(COUNTED)), Reach("at most", 0.02))
    ]
    for kind in (*COUNTED, "narration", "speaks_for_rep", "leak", "repeat"):
        figures.append(figure(NAME, kind.replace("_", " "), rows, _session, lambda r, k=kind: _share(r, {k})))
    return Scored(figures, worst[:10])


_KNOWN: dict[str, list[list[RoleError]]] = {}


def errors_of(session: Session, trainer: Trainer) -> list[list[RoleError]]:
    """The errors of every turn; a session that was judged in this process is not judged again."""
    key = f"{session.id}:{hash(session.turns[-1].model_dump_json()) if session.turns else 0}"
    if key not in _KNOWN:
        persona, turns = trainer.persona(session.persona), session.turns
        _KNOWN[key] = [role_errors.errors(turn, turns[: turn.number - 1], persona) for turn in turns]
    return _KNOWN[key]


def _session(row: Row) -> str:
    return row[0]


def _share(rows: Sequence[Row], kinds: set[str]) -> float | None:
    return stats.mean([float(bool(found & kinds)) for _, _, found in rows])
