"""Role errors: turns in which the buyer falls out of the part.

Role reversal, unearned facts said, contradictions, early agreement, premature ending and repeats, each as the share of
turns that have one, by `evals.role_errors`, which was written without a look at the guard.
"""

from __future__ import annotations

from collections.abc import Sequence

from evals import role_errors, stats
from evals.scoring import Figure, Reach, Run, Scored, Worst, figure, turns_of

NAME = "role errors"
Row = tuple[str, int, frozenset[str]]
COUNTED = ("role_reversal", "unearned", "contradiction", "early_agreement", "premature_ending")


def score(run: Run) -> Scored:
    """The share of turns with any error, and with each kind."""
    rows: list[Row] = []
    worst: list[Worst] = []
    for one, turn in turns_of(run.main):
        persona = run.trainer.persona(one.spec.persona)
        found = role_errors.errors(turn, one.session.turns[: turn.number - 1], persona)
        rows.append((one.spec.id, turn.number, frozenset(str(error.kind) for error in found)))
        worst += [Worst(one.spec.id, turn.number, f"{e.kind}: {e.words}") for e in found if e.kind in COUNTED]
    figures: list[Figure] = [
        figure(NAME, "turns with an error", rows, _session, lambda r: _share(r, set(COUNTED)), Reach("at most", 0.02))
    ]
    for kind in (*COUNTED, "narration", "speaks_for_rep", "leak", "repeat"):
        figures.append(figure(NAME, kind.replace("_", " "), rows, _session, lambda r, k=kind: _share(r, {k})))
    return Scored(figures, worst[:10])


def _session(row: Row) -> str:
    return row[0]


def _share(rows: Sequence[Row], kinds: set[str]) -> float | None:
    return stats.mean([float(bool(found & kinds)) for _, _, found in rows])
