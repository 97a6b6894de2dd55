"""What is played: one session of one policy against one buyer with one seed, as it is or with something changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from evals.policies.policy import POLICIES

Change = Literal["none", "no mind", "noisy reader", "no retrieval", "model"]
Reps = Literal["drafted", "model"]
Purpose = Literal["main", "levels", "advice", "again"]

LEVELS = (10.0, 30.0, 50.0, 70.0, 90.0)
MOST_TURNS = 20


@dataclass(frozen=True)
class Spec:
    """One session to play; `inertia` sets the buyer's at the start, `says_rewrite` has the rep say the coach's line.

    `reps` says who finds the rep's words: the policy's own file, or a model that plays the policy.
    """

    purpose: Purpose
    persona: str
    policy: str
    seed: int
    turns: int = MOST_TURNS
    change: Change = "none"
    inertia: float | None = None
    says_rewrite: bool = False
    run: int = 0
    reps: Reps = "drafted"

    @property
    def id(self) -> str:
        """Names the session among all others of a run."""
        parts = [self.purpose, self.persona, self.policy, str(self.seed)]
        parts += [self.change.replace(" ", "-")] if self.change != "none" else []
        parts += [f"inertia{self.inertia:g}"] if self.inertia is not None else []
        parts += ["advised"] if self.says_rewrite else []
        parts += [f"run{self.run}"] if self.run else []
        parts += ["rep-by-model"] if self.reps == "model" else []
        return ".".join(parts)

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Size:
    """How much is played: seeds of the main table, seeds a level, pairs of advice, seeds an ablation."""

    seeds: int
    level_sessions: int
    advice_seeds: int
    ablation_seeds: int


QUICK = Size(seeds=3, level_sessions=12, advice_seeds=4, ablation_seeds=0)
FULL = Size(seeds=10, level_sessions=20, advice_seeds=10, ablation_seeds=3)


def plan(
    personas: tuple[str, ...],
    policies: tuple[str, ...] = POLICIES,
    size: Size = QUICK,
    *,
    change: Change = "none",
    reps: Reps = "drafted",
) -> list[Spec]:
    """Every session of a run, in the order they are played; `change` and `reps` are of the main table alone."""
    seeds = range(1, size.seeds + 1)
    specs = [
        Spec("main", who, policy, seed, change=change, reps=reps)
        for seed in seeds
        for policy in policies
        for who in personas
    ]
    for number in range(size.level_sessions):
        who = personas[number % len(personas)]
        specs += [Spec("levels", who, "guide", 100 + number, turns=8, inertia=level) for level in LEVELS]
    for seed in range(1, size.advice_seeds + 1):
        for who in personas:
            for advised in (False, True):
                specs.append(Spec("advice", who, "novice", 200 + seed, turns=12, says_rewrite=advised))
            specs.append(Spec("advice", who, "expert", 200 + seed, turns=12))
    specs += [Spec("again", who, "competent", 7, turns=8, run=run) for who in personas[:2] for run in (1, 2)]
    changes: tuple[Change, ...] = ("no mind", "noisy reader", "no retrieval")
    for changed in changes:
        for seed in range(1, size.ablation_seeds + 1):
            for policy in ("expert", "competent", "pitcher", "pusher", "charmer", "adversary"):
                specs += [Spec("main", who, policy, seed, change=changed) for who in personas]
    return specs
