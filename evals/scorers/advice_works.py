"""Advice works: the novice does better when it says what the coach gave it.

The novice policy once as it is and once saying the coach's rewrite as its next line, paired on buyer and seed: the mean
difference in terminal inertia (as it is less advised) and in the share of agreed next steps, and how much of the way
from the novice to the expert that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evals import stats
from evals.play import Played
from evals.scoring import Figure, Reach, Run, Scored, figure, mean_of

NAME = "advice works"
Triple = tuple[str, Played, Played, Played]


def score(run: Run) -> Scored:
    """Differences over pairs, and the share of the distance to the expert."""
    sessions = run.of("advice")
    triples: list[Triple] = []
    plain = {
        (r.spec.persona, r.spec.seed): r for r in sessions if r.spec.policy == "novice" and not r.spec.says_rewrite
    }
    advised = {(r.spec.persona, r.spec.seed): r for r in sessions if r.spec.says_rewrite}
    expert = {(r.spec.persona, r.spec.seed): r for r in sessions if r.spec.policy == "expert"}
    for key, one in plain.items():
        if key in advised and key in expert:
            triples.append((f"{key[0]}.{key[1]}", one, advised[key], expert[key]))
    figures: list[Figure] = []
    for name, of in (("terminal inertia", _moved), ("agreed next steps", _agreed)):
        rows = [(pair, of(advised) - of(plain), of(expert) - of(plain)) for pair, plain, advised, expert in triples]
        gain = mean_of(NAME, f"gain in {name}", [(pair, gained) for pair, gained, _ in rows])
        share = figure(NAME, f"share of the way to the expert, {name}", rows, lambda row: row[0], _share)
        lower = Figure(
            NAME, f"lower end of the gain in {name}", gain.low, n=gain.n, reach=Reach("at least", 1e-9),
            note="the 95 % interval has to lie above 0",
        )  # fmt: skip
        figures += [gain, lower, replace(share, reach=Reach("at least", 0.5))]
    return Scored(figures)


def _moved(one: Played) -> float:
    return -one.session.mind.inertia


def _agreed(one: Played) -> float:
    return float(one.session.outcome == "agreed_next_step")


def _share(rows: Sequence[tuple[str, float, float]]) -> float | None:
    whole = stats.mean([way for _, _, way in rows])
    gain = stats.mean([gained for _, gained, _ in rows])
    return gain / whole if gain is not None and whole and whole > 0 else None
