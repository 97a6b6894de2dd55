"""A second reading by a model: where it differs, with the rep's own words, the mind is put right."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from bot import mind
from bot.assessor.reading import Move, Reading
from bot.assessor.weigh import weigh
from bot.caller import Caller
from bot.heard import Heard
from bot.mind import GAUGES, Change, Mind
from bot.moves import ADVANCING, Code
from bot.persona import Persona
from bot.session import Call, Correction
from prompts.templates import as_data, load

if TYPE_CHECKING:
    from bot.memory import Memory

# A second opinion weighs less than a first that was sure, and little where the first thought it most unlikely.
CONFIDENCE, UNLIKELY_CONFIDENCE, UNLIKELY = 0.75, 0.3, 0.1
SURE = 0.9
MOST_MOVED = 6.0


class ReadMove(BaseModel):
    """A move that the model saw, with the rep's words."""

    code: Code
    quote: str = Field(min_length=1)


class SecondReading(BaseModel):
    """Everything that the model saw in a message."""

    moves: list[ReadMove] = Field(max_length=12)


def read(
    caller: Caller,
    codes: dict[str, str],
    text: str,
    before: str,
    calls: list[Call],
    left: threading.Event | None = None,
) -> SecondReading:
    """The model's reading of a message, every quote verbatim. Raises Trouble."""
    prompt = load("reader")
    system = prompt.fill_stable(codes="\n".join(f"- {code}: {what}" for code, what in codes.items()))
    moment = prompt.fill_moment(before=as_data(before), text=as_data(text))
    seen = caller.ask([("system", system), ("user", moment)], SecondReading, calls, lambda answer: None, left)
    verbatim = [move.model_copy(update={"quote": exact}) for move in seen.moves if (exact := _in(text, move.quote))]
    return SecondReading(moves=verbatim)


def compare(
    first: Reading, second: SecondReading, text: str, model: str, likelihood: Mapping[Code, float]
) -> Correction:
    """What the second reading puts right; a message that makes no sense is not read up into one that does.

    `likelihood` is how likely the first reader held each code.
    """
    if first.kind is not None or first.unread:
        return Correction(model=model)
    told = {move.code for move in second.moves} - {Code.OTHER}
    known = {move.code for move in first.moves}
    added = tuple(
        Move(
            code=one.code,
            quote=one.quote,
            start=max(text.find(one.quote), 0),
            confidence=CONFIDENCE if likelihood.get(one.code, 0.0) >= UNLIKELY else UNLIKELY_CONFIDENCE,
        )
        for one in {move.code: move for move in second.moves}.values()
        if one.code in told - known
    )
    # What the first reader read plainly over the same words stands beside no opposite of it.
    sure = [m for m in first.moves if m.confidence >= SURE]
    added = tuple(
        one
        for one in added
        if not any((one.code in ADVANCING) != (m.code in ADVANCING) and _overlap(one, m) for m in sure)
    )
    removed = tuple(
        move
        for move in first.moves
        if move.code not in told and move.confidence < SURE and any(_overlap(move, one) for one in added)
    )
    return Correction(model=model, added=added, removed=removed)


def corrected(
    before: Mind,
    after: Mind,
    changes: tuple[Change, ...],
    reading: Reading,
    correction: Correction,
    heard: Heard,
    memory: Memory,
    persona: Persona,
) -> tuple[Mind, tuple[Change, ...]]:
    """The mind after the turn with the correction in it, and a change for each number that it moved."""
    kept = tuple(move for move in reading.moves if move not in correction.removed)
    better = weigh(reading.model_copy(update={"moves": (*kept, *correction.added)}), heard)
    first, _ = mind.step(before, reading, heard, memory, persona)
    second, _ = mind.step(before, better, heard, memory, persona)
    cause = (*correction.added, *correction.removed)[0]
    more: list[Change] = []
    values = after.model_dump()
    for gauge in GAUGES:
        amount = max(-MOST_MOVED, min(MOST_MOVED, getattr(second, gauge) - getattr(first, gauge)))
        target = max(0.0, min(100.0, values[gauge] + amount))
        moved = round(target - values[gauge], 2)
        if abs(moved) >= 0.05:
            values[gauge] = round(target, 2)
            why = f"on a second reading ({correction.model}): {_told(correction)}"
            more.append(Change(gauge=gauge, amount=moved, move=cause.code, quote=cause.quote, why=why))
    return Mind(**values), (*changes, *more)


def _told(correction: Correction) -> str:
    names = [f"also {m.code.replace('_', ' ')}" for m in correction.added]
    names += [f"not {m.code.replace('_', ' ')}" for m in correction.removed]
    return ", ".join(names)


def _in(text: str, quote: str) -> str | None:
    """The quote as it stands in the text, where it does but for case and the white space around it."""
    found = re.search(re.escape(quote.strip()), text, re.IGNORECASE)
    return found.group(0) if found and found.group(0) else None


def _overlap(one: Move, other: Move) -> bool:
    return one.start < other.start + len(other.quote) and other.start < one.start + len(one.quote)
