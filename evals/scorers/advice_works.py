"""Advice works: the novice does better when it says what the coach gave it.

The novice policy once as it is and once saying the coach's rewrite as its next line, paired on buyer and seed: the mean
difference in terminal inertia (as it is less advised) and in the share of agreed next steps, and how much of the way
from the novice to the expert that is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from evals import stats
from evals.play import Played
from evals.scoring import Figure, Reach, Run, Scored, figure

NAME = "advice works"
Triple = tuple[str, Played, Played, Played]


def score(run: Run) -> Scored:
    """Differences over pairs, and the share of the distance to the expert."""
    rows = run.of("advice")
    triples: list[Triple] = []
    plain = {(r.spec.persona, r.spec.seed): r for r in rows if r.spec.policy == "novice" and not r.spec.says_rewrite}
    advised = {(r.spec.persona, r.spec.seed): r for r in rows if r.spec.says_rewrite}
    expert = {(r.spec.persona, r.spec.seed): r for r in rows if r.spec.policy == "expert"}
    for key, one in plain.items():
        if key in advised and key in expert:
            triples.append((f"{key[0]}.{key[1]}", one, advised[key], expert[key]))
    figures: list[Figure] = []
    for name, of in (("terminal inertia", _moved), ("agreed next steps", _agreed)):
        gain = figure(NAME, f"gain in {name}", triples, _pair, lambda r, f=of: _gain(r, f))
        share = figure(NAME, f"share of the way to the expert, {name}", triples, _pair, lambda r, f=of: _share(r, f))
        lower = Figure(
            NAME, f"lower end of the gain in {name}", gain.low, n=gain.n, reach=Reach("at least", 1e-9),
            note="the 95 % interval has to lie above 0",
        )  # fmt: skip
        figures += [gain, lower, replace(share, reach=Reach("at least", 0.5))]
    return Scored(figures)


def _pair(triple: Triple) -> str:
    return triple[0]


def _moved(one: Played) -> float:
    return -one.session.mind.inertia


def _agreed(one: Played) -> float:
    return float(one.session.outcome == "agreed_next_step")


def _gain(rows: Sequence[Triple], of: Callable[[Played], float]) -> float | None:
    return stats.mean([of(advised) - of(plain) for _, plain, advised, _ in rows])


def _share(rows: Sequence[Triple], of: Callable[[Played], float]) -> float | None:
    whole = stats.mean([of(expert) - of(plain) for _, plain, _, expert in rows])
    gain = _gain(rows, of)
    return gain / whole if gain is not None and whole and whole > 0 else None
