"""What a session showed, for the rep to look at when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from bot.mind import Mind, Stance
from bot.moves import ADVANCING, Code
from bot.persona import Persona
from bot.phrases import Principle
from bot.session import Objection, Outcome, Session

if TYPE_CHECKING:
    from bot.build import Trainer


class Part(BaseModel):
    """A read-only part of a debrief."""

    model_config = ConfigDict(frozen=True)


class Point(Part):
    """The mind after a turn (0 is before the first), and the rep's moves in it."""

    turn: int
    mind: Mind
    stance: Stance
    moves: tuple[Code, ...]
    objection: str | None


class Item(Part):
    """Something of the persona's file: earned, and in which turn, or missed, and what would have unlocked it."""

    layer: str
    what: str
    turn: int | None
    unlocked_by: tuple[Code, ...]


class Shown(Part):
    """One principle: the rep's words that showed it and those that broke it; `evidenced` is False where neither is."""

    source: str
    title: str
    asks: str
    evidenced: bool
    showed: tuple[tuple[int, str], ...]
    broke: tuple[tuple[int, str], ...]


class Debrief(Part):
    """The whole of it."""

    outcome: Outcome
    headline: str
    points: tuple[Point, ...]
    objections: tuple[Objection, ...]
    earned: tuple[Item, ...]
    missed: tuple[Item, ...]
    principles: tuple[Shown, ...]
    unread: tuple[tuple[int, str], ...]
    turning_point: str | None
    own_share: float
    practise_next: str | None


def debrief(trainer: Trainer, session: Session) -> Debrief:
    """Everything the session showed; a session with no turn has an empty one."""
    persona = trainer.persona(session.persona)
    earned, missed = _needs(persona, session)
    principles = tuple(_shown(source, one, session) for source, one in trainer.rubric.items())
    words = sum(len(turn.rep.split()) for turn in session.turns)
    theirs = sum(len(turn.prospect.split()) for turn in session.turns)
    return Debrief(
        outcome=session.outcome,
        headline=_headline(persona, session),
        points=_points(session),
        objections=session.objections,
        earned=earned,
        missed=missed,
        principles=principles,
        unread=tuple((t.number, t.reading.unread) for t in session.turns if t.reading.unread),
        turning_point=_turning_point(persona, session),
        own_share=round(words / (words + theirs), 2) if words + theirs else 0.0,
        practise_next=_practise_next(principles),
    )


def _points(session: Session) -> tuple[Point, ...]:
    first = Point(turn=0, mind=session.start, stance=session.start.stance, moves=(), objection=None)
    rest = (
        Point(
            turn=turn.number,
            mind=turn.mind,
            stance=turn.stance,
            moves=tuple(dict.fromkeys(move.code for move in turn.reading.moves)),
            objection=turn.objection.kind if turn.objection else None,
        )
        for turn in session.turns
    )
    return (first, *rest)


def _headline(persona: Persona, session: Session) -> str:
    name, count = persona.first_name, len(session.turns)
    if not session.turns:
        return f"Nothing was said to {name}."
    if session.outcome == "agreed_next_step":
        return f"{name} agreed to a next step after {count} turns: {persona.agrees_to.step}"
    if session.outcome == "ended_call":
        return f"{name} ended the call at turn {count}."
    moved = session.start.inertia - session.mind.inertia
    how = "moved" if moved >= 8 else "stayed put" if moved > -3 else "dug in"
    numbers = f"inertia {session.start.inertia:.0f} → {session.mind.inertia:.0f}"
    return f"The call stands open after {count} turns. {name} {how} ({numbers})."


def _needs(persona: Persona, session: Session) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    when = {one.id: turn.number for turn in reversed(session.turns) for one in turn.earned}
    earned: list[Item] = []
    missed: list[Item] = []
    for layer in ("said", "felt", "unknown"):
        for need in getattr(persona.needs, layer):
            item = Item(layer=layer, what=need.what, turn=when.get(need.id), unlocked_by=_good(need.unlocked_by.moves))
            (earned if need.id in when else missed).append(item)
    for one in persona.consequences:
        item = Item(layer="consequence", what=one.what, turn=when.get(one.id), unlocked_by=(Code.CONSEQUENCE,))
        (earned if one.id in when else missed).append(item)
    return tuple(earned), tuple(missed)


def _good(moves: tuple[Code, ...]) -> tuple[Code, ...]:
    """Fishing opens the practised answer too, but nobody should learn it from a debrief."""
    return tuple(code for code in moves if code in ADVANCING)


def _shown(source: str, principle: Principle, session: Session) -> Shown:
    showed: list[tuple[int, str]] = []
    broke: list[tuple[int, str]] = []
    for turn in session.turns:
        for move in turn.reading.moves:
            if move.code in principle.shown_by and not (turn.objection and turn.objection.move == move.code):
                showed.append((turn.number, move.quote))
            if move.code in principle.broken_by:
                broke.append((turn.number, move.quote))
    return Shown(
        source=source,
        title=principle.title,
        asks=principle.asks,
        evidenced=bool(showed or broke),
        showed=tuple(showed),
        broke=tuple(broke),
    )


def _turning_point(persona: Persona, session: Session) -> str | None:
    """The turn whose advancing move brought the most tension, in the rep's own words."""
    best, gained = None, 4.0
    for turn in session.turns:
        gain = sum(change.amount for change in turn.changes if change.gauge == "tension")
        if gain > gained and turn.reading.advancing:
            best, gained = turn, gain
    if best is None:
        return None
    move = max(best.reading.advancing, key=lambda m: sum(c.amount for c in best.changes if c.move == m.code))
    return f"Turn {best.number}, “{move.quote}”: it moved {persona.first_name} most (tension +{gained:.0f})."


def _practise_next(principles: tuple[Shown, ...]) -> str | None:
    """The principle broken most often, else the first not evidenced."""
    broken = max(principles, key=lambda one: len(one.broke), default=None)
    if broken and broken.broke:
        return broken.source
    return next((one.source for one in principles if not one.evidenced), None)
