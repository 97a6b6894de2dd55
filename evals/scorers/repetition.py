"""Repetition within a call, over its first 20 turns.

Repeated 4-grams: the share of 4-word runs of the buyer's words that came before in the call. Repeated openers: the
share of lines whose first three words opened an earlier one. Distinct-2: distinct word pairs over all
(Li and others 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.words import words_of
from evals.play import Played
from evals.scoring import Reach, Run, Scored, Worst, mean_of

NAME = "repetition"
TURNS, LEAST_TURNS = 20, 4


def score(run: Run) -> Scored:
    """The three shares over sessions long enough to repeat oneself in."""
    rows = [one for one in run.main if len(one.session.turns) >= LEAST_TURNS]
    short = len(run.main) - len(rows)
    asked: tuple[tuple[str, Callable[[Played], float], Reach], ...] = (
        ("repeated 4-grams", fours, Reach("at most", 0.018)),
        ("repeated openers", openers, Reach("at most", 0.04)),
        ("distinct-2", distinct, Reach("at least", 0.82)),
    )
    figures = [
        mean_of(NAME, name, [(one.spec.id, of(one)) for one in rows], reach, unscored=short)
        for name, of, reach in asked
    ]
    worst = sorted(rows, key=lambda one: -fours(one))[:10]
    return Scored(figures, [Worst(one.spec.id, 0, f"{fours(one):.1%} of its 4-grams again") for one in worst])


def _lines(one: Played) -> list[list[str]]:
    return [words_of(turn.prospect) for turn in one.session.turns[:TURNS]]


def _again(items: Iterable[tuple[str, ...]]) -> float:
    seen: set[tuple[str, ...]] = set()
    again = total = 0
    for item in items:
        total += 1
        again += item in seen
        seen.add(item)
    return again / total if total else 0.0


def fours(one: Played) -> float:
    """Repeated 4-grams of a session."""
    return _again(tuple(line[i : i + 4]) for line in _lines(one) for i in range(len(line) - 3))


def openers(one: Played) -> float:
    """Repeated openers of a session."""
    return _again(tuple(line[:3]) for line in _lines(one) if len(line) >= 3)


def distinct(one: Played) -> float:
    """Distinct-2 of a session."""
    pairs = [tuple(line[i : i + 2]) for line in _lines(one) for i in range(len(line) - 1)]
    return len(set(pairs)) / len(pairs) if pairs else 1.0
