"""Saying a figure that the file does not know, or another count of what it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot.session import Turn
from bot.words import STOP
from evals.role_errors.fault import Kind, RoleError
from evals.role_errors.figures import Figure, figures, values
from evals.role_errors.on_file import OnFile
from evals.role_errors.texts import sentences, stem, words

Nouns = dict[str, set[float]]

ABOUT = re.compile(
    r"\b(?:about|nearly|near|almost|around|over|roughly|some|shy of|under|best part of|close to|-odd)\b", re.I
)
SUPPOSED = re.compile(
    r"\b(?:suppose|imagine|if|for argument's sake|let's say|you'd need|even at|as though|as if)\b", re.I
)
# "A dozen people have rung me with that": a grumble about callers, not a count.
CALLERS = re.compile(r"\b(?:rung|rings?|called|calls?|callers?|salesm[ae]n|reps?|brochures?|leaflets?)\b", re.I)
IDLE_AFTER = re.compile(
    r"^[\s-]*(?:%?\s*(?:times|ways|reasons|words|sentences|questions|things|minds|to one|of you|people like|"
    r"calls|callers|"
    r"voices|salesmen|reps|o'clock|a\.?m|p\.?m|seconds|second|sugars|degrees|percent sure|cups|feet|foot))\b",
    re.I,
)
IN_TALK = re.compile(r"^\s*(?:more |whole |spare )?(?:minutes?|mins?)\b", re.I)
YOURS = re.compile(r"\b(?:give|got|gave|have|take|spare|you've|you|another|in|next|last|only)\b(?: \w+){0,2}\s*$", re.I)
ROUND = {100.0, 1000.0, 10000.0, 1_000_000.0}
MONEY = re.compile(r"^\s*(?:%|percent|per cent|pounds?|quid|euros?|dollars?|zloty|rupees|lakh|crore|grand|k\b)", re.I)
SIGN = re.compile(r"[£$€]\s*$")


def contradictions(line: str, turn: Turn, before: Sequence[Turn], file: OnFile) -> Iterator[RoleError]:
    """Sentences with a figure that neither the file nor the call knows, or with a count that is not the file's."""
    said = [*(text for one in before for text in (one.rep, one.prospect)), turn.rep]
    for sentence in sentences(line):
        if sentence.endswith("?") or SUPPOSED.search(sentence) or CALLERS.search(sentence):
            continue
        counting = [figure for figure in figures(sentence) if not _is_idle(figure)]
        if any(_is_unknown(figure, file, said) or _miscounts(figure, file, said) for figure in counting):
            yield RoleError(Kind.CONTRADICTION, sentence)


def _is_unknown(figure: Figure, file: OnFile, said: Sequence[str]) -> bool:
    if not _is_big(figure):
        return False
    near = _leeway(figure)
    groups = (_known(file), *(values((text,)) for text in said))
    return not any(_is_near(figure, one, near) for known in groups for one in known)


def _is_near(figure: Figure, known: float, part: float) -> bool:
    return any(abs(number - known) <= part * known for number in (figure.value, figure.scaled))


def _leeway(figure: Figure) -> float:
    """By what part a number may be rounded; a year never is."""
    if 1900 <= figure.value <= 2099 and figure.value == figure.scaled:
        return 0.0
    if ABOUT.search(figure.left[-25:]):
        return 0.1
    return 0.015 if figure.scaled >= 1000 else 0.0


def _is_idle(figure: Figure) -> bool:
    """Numbers that count nothing of theirs: manners of speaking, the time this call may take."""
    left, right = figure.left, figure.right
    if IDLE_AFTER.match(right) or re.search(r"(?:\bA|\bM)$|\b(?:route|room|channel|chapter|page|number) $", left):
        return True
    if IN_TALK.match(right) and YOURS.search(left):
        return True
    return figure.scaled in ROUND and not SIGN.search(left) and not MONEY.match(right)


def _is_big(figure: Figure) -> bool:
    return figure.is_odd or bool(MONEY.match(figure.right)) or bool(SIGN.search(figure.left))


def _miscounts(figure: Figure, file: OnFile, said: Sequence[str]) -> bool:
    """Whether the file counts this thing and never so; only the whole of it, never some of them."""
    if figure.value < 4 or re.match(r"\s*(?:of|or|out of)\b", figure.right):
        return False
    for word in words(figure.right)[:2]:
        counts = _counted(file).get(stem(word)) if len(word) > 3 and word not in STOP else None
        if counts:
            close = any(_is_near(figure, one, 0.02) for one in counts)
            return not close and figure.scaled >= 4 and not _is_heard(figure, stem(word), said)
    return False


def _is_heard(figure: Figure, noun: str, said: Sequence[str]) -> bool:
    """Whether somebody in the call has counted it so."""
    return any(
        one.value in (figure.value, figure.scaled) and noun in map(stem, words(one.right)[:3])
        for one in figures(" ".join(said))
    )


@lru_cache(maxsize=64)
def _known(file: OnFile) -> frozenset[float]:
    return values(file.texts) | {value for _, value in file.counts}


@lru_cache(maxsize=64)
def _counted(file: OnFile) -> Nouns:
    """The nouns that the file counts, and every count of them."""
    nouns: Nouns = {}
    for phrases, value in file.counts:
        for phrase in phrases:
            head = re.split(r" (?:a|an|in|on|of|for|from|the|each|per|last|before|to)\b", phrase)[0].split()[-1].lower()
            nouns.setdefault(stem(head), set()).add(value)
    for text in file.texts:
        for figure in figures(text):
            for word in words(figure.right)[:3]:
                if stem(word) in nouns:
                    nouns[stem(word)] |= {figure.value, figure.scaled}
    return nouns
