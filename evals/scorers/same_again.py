"""Same again: two runs with one seed give the same session, word for word and number for number."""

from __future__ import annotations

from evals.scoring import Reach, Run, Scored, Worst, mean_of

NAME = "same again"


def score(run: Run) -> Scored:
    """The share of pairs that are identical."""
    pairs: dict[str, list[str]] = {}
    for one in run.of("again"):
        turns = [turn.model_dump_json() for turn in one.session.turns]
        pairs.setdefault(f"{one.spec.persona}.{one.spec.policy}.{one.spec.seed}", []).append("\n".join(turns))
    whole = [(name, float(len(set(both)) == 1)) for name, both in pairs.items() if len(both) > 1]
    alone = sum(len(both) == 1 for both in pairs.values())
    share = mean_of(NAME, "identical pairs", whole, Reach("at least", 1.0), unscored=alone)
    return Scored([share], [Worst(name, 0, "differs") for name, value in whole if not value])
