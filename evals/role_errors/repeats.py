"""Saying it twice."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.words import STOP
from evals.role_errors.fault import Kind, RoleError
from evals.role_errors.texts import remember, sentences, words

SAME = 0.82
SAME_WORDS = 5


@dataclass(frozen=True)
class Spoken:
    """A sentence as it is compared: its words in their order, in a row, and as sets."""

    words: tuple[str, ...]
    row: str
    different: frozenset[str]
    telling: int


def repeats(line: str, earlier: Sequence[str]) -> Iterator[RoleError]:
    """Sentences that were said before, in this line or an earlier one."""
    said = [spoken for one in earlier for s in sentences(one) if len((spoken := _spoken(s)).words) >= SAME_WORDS]
    for sentence in sentences(line):
        # "You said …" with the rep's words in it may well come twice; the frame around it may not.
        spoken = _spoken(sentence)
        if len(spoken.words) < SAME_WORDS:
            continue
        if any(_is_same(spoken, one) for one in said):
            yield RoleError(Kind.REPEAT, sentence)
        said.append(spoken)


@remember
def _spoken(sentence: str) -> Spoken:
    found = words(sentence)
    return Spoken(found, f" {' '.join(found)} ", frozenset(found), len(set(found) - STOP))


def _is_same(one: Spoken, other: Spoken) -> bool:
    short, long = (one, other) if len(one.words) <= len(other.words) else (other, one)
    # The whole of it said again, with an "as I say" before it.
    if len(short.words) >= 0.6 * len(long.words) and short.row in long.row:
        return True
    # Sets of words tell most pairs apart, long before their order needs a look.
    apart = one.different ^ other.different
    if len(apart - STOP) > max(2, one.telling // 3):
        return False
    # The same words around another figure are another statement.
    if any(word[0].isdigit() for word in apart):
        return False
    return difflib.SequenceMatcher(None, one.words, other.words, autojunk=False).ratio() >= SAME
