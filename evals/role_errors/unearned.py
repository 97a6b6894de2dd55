"""Saying what this call has not earned: in the file's own words, by its names and figures, or by its meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from typing import TypeAlias, TypeVar

from bot.mind import Stance
from bot.session import Turn
from bot.words import runs_of
from evals.role_errors.fault import Kind, RoleError
from evals.role_errors.figures import Figure, figures, values
from evals.role_errors.on_file import OnFile
from evals.role_errors.texts import (
    CAPITAL,
    Texts,
    all_words,
    bare,
    content,
    has_meaning,
    name_stems,
    names,
    runs,
    sentences,
    units,
    vector,
    vectors,
    words,
)
from knowledge.encoder import Vectors

T = TypeVar("T")
Groups: TypeAlias = Sequence[Texts]

MEANT = 0.6
AHEAD = 0.06
SURELY_MEANT = 0.75
ALSO_MEANT = 0.5
ALSO_AHEAD = 0.1
STEP_STANCES = (Stance.CONCERNED, Stance.READY, Stance.AGREED_NEXT_STEP)


def unearned(line: str, turn: Turn, before: Sequence[Turn], file: OnFile) -> Iterator[RoleError]:
    """Sentences that give away what the file still keeps back."""
    earned = set(turn.memory.earned)
    hidden = [texts for name, texts in file.secrets if name not in earned]
    if not hidden:
        return
    allowed = _allowed(turn, before, file)
    parts = sentences(line)
    flagged = [sentence for sentence in parts if _has_hidden_words(sentence, hidden, allowed)]
    flagged += [unit for unit in parts if has_meaning(unit) and _has_hidden_meaning(unit, hidden, allowed)]
    for sentence in dict.fromkeys(flagged):
        yield RoleError(Kind.UNEARNED, sentence)


def _allowed(turn: Turn, before: Sequence[Turn], file: OnFile) -> Groups:
    """What the line may draw on: the public side, what has been earned, and what was said in the call."""
    earned = set(turn.memory.earned)
    said = [*(text for one in before for text in (one.rep, one.prospect)), turn.rep]
    step = [file.step] if turn.stance in STEP_STANCES else []
    # What was said comes last: the call's texts are new, and few lines need a look at their meaning.
    return [file.public, *(texts for name, texts in file.secrets if name in earned), *step, *((text,) for text in said)]


def _has_hidden_words(sentence: str, hidden: Groups, allowed: Groups) -> bool:
    if _only_hidden(runs_of(sentence, 5, 3), runs, hidden, allowed):
        return True
    capitals = {bare(name) for name in CAPITAL.findall(sentence)}
    telling = _only_hidden(capitals, names, hidden, allowed)
    if any(not any(name.lower() in all_words(texts) for texts in allowed) for name in telling):
        return True
    return any(
        _counts_alike(mine, theirs) and _is_telling(theirs, allowed)
        for mine in figures(sentence)
        for texts in hidden
        for text in texts
        for theirs in figures(text)
    )


def _only_hidden(found: Set[T], of: Callable[[Texts], Set[T]], hidden: Groups, allowed: Groups) -> list[T]:
    """What of it the hidden texts hold, and none of the allowed."""
    kept = {one for texts in hidden for one in found & of(texts)} if found else set[T]()
    return [one for one in kept if not any(one in of(texts) for texts in allowed)]


def _counts_alike(mine: Figure, theirs: Figure) -> bool:
    """The same number of the same thing: a word near one stands near the other."""
    if mine.scaled != theirs.scaled:
        return False
    near = [content(" ".join([*words(one.left)[-5:], *words(one.right)[:5]])) for one in (mine, theirs)]
    return bool(near[0] & near[1])


def _is_telling(figure: Figure, allowed: Groups) -> bool:
    """Whether a figure is odd enough to give its matter away, and has not been said."""
    return figure.is_odd and not any({figure.value, figure.scaled} & values(texts) for texts in allowed)


def _has_hidden_meaning(unit: str, hidden: Groups, allowed: Groups) -> bool:
    # Word for word allowed: no secret is ahead of that, and it need not be encoded.
    if any(unit in units(texts) for texts in allowed):
        return False
    row = vector(unit)
    best, secret = _nearest(row, hidden)
    shared = content(unit) & content(secret)
    # Each step that follows can only clear the line, and costs more than the one before; most lines need the first.
    if not _gives_away(unit, best, 1.0, len(shared)):
        return False
    # Two sentences on the same person are alike whatever they say: something else must be shared too.
    alike = len(shared.difference(*(name_stems(texts) for texts in (*hidden, *allowed))))
    return all(_gives_away(unit, best, best - _nearest(row, [texts])[0], alike) for texts in allowed)


def _nearest(row: Vectors, groups: Groups) -> tuple[float, str]:
    """How near the nearest unit of the groups is, and which it is: of equals, the first."""
    best, nearest = -1.0, ""
    for texts in groups:
        near = vectors(texts) @ row
        if len(near) and float(near.max()) > best:
            best, nearest = float(near.max()), units(texts)[int(near.argmax())]
    return best, nearest


def _gives_away(unit: str, best: float, ahead: float, shared: int) -> bool:
    """Whether a unit so near to a secret, so far ahead of what is allowed, with so many words shared, tells it."""
    # A question touches on a matter more often than it gives it away.
    strict = 0.06 if unit.endswith("?") else 0.0
    if best >= MEANT + strict and ahead >= AHEAD and (shared >= 2 or best >= SURELY_MEANT):
        return True
    return best >= ALSO_MEANT + strict and ahead >= ALSO_AHEAD and shared >= 3
