"""Role errors: turns in which the buyer falls out of the part.

Role reversal, unearned facts said, contradictions, early agreement, premature ending and repeats, each as the share of
turns that have one, by `evals.role_errors`, which was written without a look at the guard.
"""

from __future__ import annotations

from evals.scoring import Reach, Run, Scored, Worst, mean_of

NAME = "role errors"
COUNTED = ("role_reversal", "unearned", "contradiction", "early_agreement", "premature_ending")
OTHERS = ("narration", "speaks_for_rep", "leak", "repeat")


def score(run: Run) -> Scored:
    """The share of turns with any error, and with each kind."""
    rows = [(one.spec.id, {str(e.kind) for e in mark.errors}) for one, _, mark in run.marked(run.main)]
    any_of = [(session, float(bool(found & {*COUNTED}))) for session, found in rows]
    figures = [mean_of(NAME, "turns with an error", any_of, Reach("at most", 0.02))]
    for kind in (*COUNTED, *OTHERS):
        figures.append(mean_of(NAME, kind.replace("_", " "), [(s, float(kind in found)) for s, found in rows]))
    worst = [
        Worst(one.spec.id, turn.number, f"{error.kind}: {error.words}")
        for one, turn, mark in run.marked(run.main)
        for error in mark.errors
        if error.kind in COUNTED
    ]
    return Scored(figures, worst[:10])
