"""The prospect's mind: five numbers, moved by code, every change with its cause."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.assessor.reading import Move, Reading
from bot.heard import Heard
from bot.memory import Memory
from bot.moves import MEANINGLESS, Code, OtherKind
from bot.persona import Persona

Gauge = Literal["inertia", "tension", "trust", "pressure", "patience"]
GAUGES: tuple[Gauge, ...] = ("inertia", "tension", "trust", "pressure", "patience")


class Stance(StrEnum):
    """What one can hear of the mind."""

    DISMISSIVE = "dismissive"
    GUARDED = "guarded"
    CURIOUS = "curious"
    CONCERNED = "concerned"
    READY = "ready"
    ENDED_CALL = "ended_call"
    AGREED_NEXT_STEP = "agreed_next_step"


class Mind(BaseModel):
    """The five numbers, 0 to 100."""

    model_config = ConfigDict(frozen=True)

    inertia: float
    tension: float
    trust: float
    pressure: float
    patience: float

    @property
    def stance(self) -> Stance:
        """The stance of a call that goes on."""
        if self.is_convinced:
            return Stance.READY
        if self.trust < 16 or self.pressure >= 32 or self.patience < 24:
            return Stance.DISMISSIVE
        if self.tension >= 38 and self.trust >= 32:
            return Stance.CONCERNED
        if self.tension >= 23 and self.trust >= 24:
            return Stance.CURIOUS
        return Stance.GUARDED

    @property
    def is_convinced(self) -> bool:
        """Whether the numbers would carry a yes to a small joint step."""
        return self.tension >= 55 and self.trust >= 46 and self.inertia <= 50 and self.pressure <= 45

    @property
    def is_done(self) -> Literal["bored", "pushed"] | None:
        """Why the prospect would end the call now, if so."""
        if self.pressure >= 78:
            return "pushed"
        return "bored" if self.patience <= 0 else None


class Change(BaseModel):
    """One number moved: by which move and words of the rep's, how much, and why on this buyer."""

    model_config = ConfigDict(frozen=True)

    gauge: Gauge
    amount: float
    move: Code | None
    quote: str
    why: str


Effects = dict[Gauge, float]

# How each move acts when it is well placed, on the general buyer; the persona's dials scale it.
ADVANCE: dict[Code, Effects] = {
    Code.INSIGHT: {"tension": 11, "trust": 3, "inertia": -4, "patience": 4},
    Code.TAILORING: {"tension": 2.5, "trust": 4.5, "inertia": -1, "patience": 4},
    Code.CONSEQUENCE: {"tension": 9, "inertia": -5, "trust": 1, "patience": 2},
    Code.VISION: {"tension": 4, "inertia": -8, "trust": 2, "patience": 2},
    Code.OPEN_QUESTION: {"trust": 3, "inertia": -1.5, "patience": 2},
    Code.WHY_PROBE: {"trust": 3, "inertia": -2.5, "patience": 2},
    Code.UNKNOWNS: {"trust": 2.5, "inertia": -4, "patience": 2},
    Code.REFLECTION: {"trust": 5, "inertia": -3, "pressure": -3, "patience": 3},
    Code.PERMISSION: {"trust": 4, "pressure": -7, "patience": 5},
    Code.BUYING_PROCESS: {"trust": 3, "inertia": -2, "patience": 1},
    Code.NEXT_STEP: {"trust": 1, "inertia": -1},
}
COST: dict[Code, Effects] = {
    Code.PITCH: {"trust": -5, "pressure": 6, "patience": -10, "inertia": 3},
    Code.GENERIC_CLAIM: {"trust": -5, "patience": -8, "inertia": 2.5, "pressure": 2},
    Code.PRESSURE: {"trust": -9, "pressure": 17, "patience": -15, "inertia": 5},
    Code.TELLING: {"trust": -6, "pressure": 7, "patience": -8, "inertia": 4},
    Code.PAIN_FISHING: {"trust": -2.5, "patience": -6, "inertia": 0.5},
    Code.FLATTERY: {"patience": -1},
    Code.REBUTTAL: {"trust": -6.5, "pressure": 7, "patience": -8, "inertia": 3.5},
}
NOTHING_SAID: Effects = {"trust": -7, "patience": -17, "inertia": 3.5, "pressure": 3}
ABUSED: Effects = {"trust": -20, "patience": -45, "inertia": 4, "pressure": 12}
HURT = 0.3
LONG_WINDED = 60
DOUBTFUL = 0.35
SAID_AGAIN: Effects = {"trust": -1.5, "patience": -4}
CONTRADICTED: Effects = {"trust": -7, "patience": -5, "inertia": 2}
ELSEWHERE: Effects = {"trust": -6, "patience": -6, "inertia": 1.5}
ELSEWHERE_FROM = 2
FELT_PUSH = 12
OWNED: Effects = {"pressure": -6, "patience": 5, "trust": 2}
WELCOME: dict[Code, Effects] = {Code.PITCH: {"trust": 0.5, "patience": -2}}

TENSION_FROM = frozenset({Code.INSIGHT, Code.TAILORING, Code.CONSEQUENCE, Code.VISION})
EARLY_UNTIL_TENSION: dict[Code, float] = {Code.VISION: 34, Code.NEXT_STEP: 34}
MOST_A_TURN: Effects = {"tension": 12, "trust": 9, "inertia": 9, "pressure": 24, "patience": 45}
SELF_HEARD: dict[str, Effects] = {
    "said": {"trust": 1},
    "felt": {"tension": 7, "trust": 2, "inertia": -4},
    "unknown": {"tension": 8, "trust": 2, "inertia": -5},
    "consequence": {"tension": 6, "inertia": -4},
    "why": {"tension": 2, "trust": 1.5, "inertia": -2},
    "stakeholder": {"tension": 1, "inertia": -1.5},
}


def start(persona: Persona) -> Mind:
    """The mind before the first word."""
    return Mind(**persona.dials.start.model_dump())


def is_early(mind: Mind, code: Code) -> bool:
    """Whether a vision, a next step or the product comes before there is tension enough to want it."""
    if code == Code.PITCH:
        return not (mind.tension >= 52 and mind.trust >= 44)
    return mind.tension < EARLY_UNTIL_TENSION.get(code, -1)


def step(
    mind: Mind, reading: Reading, heard: Heard, memory: Memory, persona: Persona
) -> tuple[Mind, tuple[Change, ...]]:
    """The mind after hearing a rep's message, and what moved it; pure."""
    changes = [*_faded(mind)]
    if reading.kind in MEANINGLESS or heard.is_silence or heard.is_too_long:
        changes += _meaningless(reading, heard)
    for contradiction in heard.contradictions:
        known = contradiction.item in {item.id for item in persona.brief} or memory.has_earned(contradiction.item)
        right = (
            f"it is {contradiction.right}, not {contradiction.wrong}" if known else f"{contradiction.wrong} is wrong"
        )
        why = f"{persona.first_name} knows that {right}"
        changes += _changes(CONTRADICTED, 1.0, None, contradiction.quote, why)
    if len(heard.strange) >= ELSEWHERE_FROM:
        why = f"{', '.join(heard.strange[:2])}: that is somebody else's place, not {persona.first_name}'s"
        changes += _changes(ELSEWHERE, 1.0, None, heard.text[:80], why)
    for trigger in heard.triggers:
        for gauge in GAUGES:
            amount = getattr(trigger.effect, gauge)
            if amount:
                changes.append(Change(gauge=gauge, amount=amount, move=None, quote=heard.text[:80], why=trigger.why))
    if heard.is_repeat:
        why = f"{persona.first_name} has had that line already; nobody is moved by it twice"
        changes += _changes(SAID_AGAIN, 1.0, None, heard.text[:80], why)
    if heard.is_apology and not heard.is_repeat and mind.pressure >= FELT_PUSH:
        why = f"{persona.first_name} was pushed, and somebody has owned to it"
        changes += _changes(OWNED, 1.0, None, heard.text[:80], why)
    for move in _strongest(reading.moves):
        changes += _moved(mind, move, reading, heard, memory, persona)
    return _apply(mind, changes)


def hear_self(
    mind: Mind, given: list[tuple[str, str, str]], quote: str, already: tuple[Change, ...]
) -> tuple[Mind, tuple[Change, ...]]:
    """The mind after the prospect has said something true aloud; `given` holds layer, what it was, and who says it."""
    changes: list[Change] = []
    for layer, what, name in given:
        why = f"{name} has now said it aloud: {what}"
        changes += _changes(SELF_HEARD[layer], 1.0, None, quote, why)
    return _apply(mind, changes, already)


def _strongest(moves: tuple[Move, ...]) -> list[Move]:
    best: dict[Code, Move] = {}
    for move in moves:
        if move.code not in best or best[move.code].confidence < move.confidence:
            best[move.code] = move
    return list(best.values())


def _changes(effects: Effects, scale: float, move: Code | None, quote: str, why: str) -> list[Change]:
    return [
        Change(gauge=gauge, amount=round(amount * scale, 2), move=move, quote=quote, why=why)
        for gauge, amount in effects.items()
        if abs(amount * scale) >= 0.05
    ]


def _faded(mind: Mind) -> list[Change]:
    fade = min(4.0, mind.pressure)
    faded = [Change(gauge="patience", amount=-1.5, move=None, quote="", why="a call takes time")]
    if fade > 0:
        why = "a push felt a while ago fades"
        faded.append(Change(gauge="pressure", amount=-fade, move=None, quote="", why=why))
    return faded


def _meaningless(reading: Reading, heard: Heard) -> list[Change]:
    if reading.kind == "abuse":
        return _changes(ABUSED, 1.0, Code.OTHER, heard.text[:80], "nobody stays to be insulted")
    why = "nothing was said that means anything here, and it cost a turn of the call"
    return _changes(
        NOTHING_SAID,
        0.6 if reading.kind == OtherKind.VAGUE and not heard.is_too_long else 1.0,
        Code.OTHER,
        heard.text[:80],
        why,
    )


def _moved(mind: Mind, move: Move, reading: Reading, heard: Heard, memory: Memory, persona: Persona) -> list[Change]:
    dial = persona.dials.acts.get(move.code, 1.0)
    if move.code in COST:
        if reading.is_doubtful_cost(move):
            dial *= DOUBTFUL
        return _cost(mind, move, memory, dial, persona, long_winded=len(heard.text.split()) >= LONG_WINDED)
    if heard.is_too_long or heard.is_repeat:
        return []
    if is_early(mind, move.code):
        why = f"there is not yet a reason for it on {persona.first_name}'s side"
        return _changes({"pressure": 7, "patience": -5, "trust": -2}, dial, move.code, move.quote, why)
    worn = memory.worn(move.code)
    effects = dict(ADVANCE[move.code])
    ground = 1.0
    if move.code in TENSION_FROM:
        ground = 0.0 if heard.contradictions else _ground(reading.specificity)
        for gauge in effects:
            effects[gauge] *= ground if gauge in ("tension", "inertia") else 0.4 + 0.6 * ground
    is_hurt = memory.abused > 0 and not heard.is_apology
    scale = dial * worn * move.confidence * (HURT if is_hurt else 1.0)
    why = _why_it_advanced(move.code, ground, worn, persona)
    why += "; but an insult is not forgotten in the same call" if is_hurt else ""
    return _changes(effects, scale, move.code, move.quote, why)


def _ground(specificity: float) -> float:
    return 0.0 if specificity < 0.15 else min(1.0, 0.25 + specificity)


def _cost(mind: Mind, move: Move, memory: Memory, dial: float, persona: Persona, *, long_winded: bool) -> list[Change]:
    if move.code in WELCOME and not is_early(mind, move.code):
        why = f"{persona.first_name} has a reason of their own by now, so the product may be named"
        return _changes(WELCOME[move.code], move.confidence, move.code, move.quote, why)
    if move.code == Code.FLATTERY and memory.count(Code.FLATTERY) == 0:
        return _changes({"trust": 1}, dial * move.confidence, move.code, move.quote, "pleasant, and that is all")
    again = min(1.0 + 0.15 * memory.count(move.code), 1.45)
    again *= 1.4 if long_winded and move.code in (Code.PITCH, Code.GENERIC_CLAIM) else 1.0
    return _changes(COST[move.code], dial * again * move.confidence, move.code, move.quote, WHY_IT_COST[move.code])


WHY_IT_COST: dict[Code, str] = {
    Code.PITCH: "the product came before any reason to want one",
    Code.GENERIC_CLAIM: "it could be said to anyone, so it says nothing here",
    Code.PRESSURE: "being pushed is answered by holding on",
    Code.TELLING: "nobody likes to be told what they need by somebody who has not asked",
    Code.PAIN_FISHING: "it asks for the homework that the rep should have done",
    Code.FLATTERY: "charm changes nothing",
    Code.REBUTTAL: "an argument makes the other side defend where they are",
}
WHY_IT_ADVANCED: dict[Code, str] = {
    Code.INSIGHT: "a way of seeing {possessive} own world that {name} had not had",
    Code.TAILORING: "somebody has looked at {possessive} place before ringing",
    Code.CONSEQUENCE: "what staying costs was put to {name}, not what buying gives",
    Code.VISION: "a picture of {possessive} own world, with room to say no",
    Code.OPEN_QUESTION: "a question about {possessive} world that {name} can answer in any way",
    Code.WHY_PROBE: "it went one level under what {name} had just said",
    Code.UNKNOWNS: "it pointed at something nobody there has looked at",
    Code.REFLECTION: "{name} heard {possessive} own meaning given back",
    Code.PERMISSION: "{name} could have said no, so there was no need to",
    Code.BUYING_PROCESS: "it asked how things are decided there, before asking for anything",
    Code.NEXT_STEP: "a small step with a way out",
}


def _why_it_advanced(code: Code, ground: float, worn: float, persona: Persona) -> str:
    possessive = {"she": "her", "he": "his", "they": "their"}[persona.pronoun]
    why = WHY_IT_ADVANCED[code].format(name=persona.first_name, possessive=possessive)
    if ground < 0.3:
        why += "; but nothing in it can be checked against that place, so it weighs little"
    elif worn < 0.75:
        why += "; heard before in this call, so it weighs less"
    return why


def _apply(mind: Mind, changes: list[Change], already: tuple[Change, ...] = ()) -> tuple[Mind, tuple[Change, ...]]:
    """Add changes up within what a turn may move and within 0 to 100; what is kept adds up to what was moved."""
    kept: list[Change] = []
    values = mind.model_dump()
    for gauge in GAUGES:
        before = sum(change.amount for change in already if change.gauge == gauge)
        mine = [change for change in changes if change.gauge == gauge]
        total = sum(change.amount for change in mine)
        most = MOST_A_TURN[gauge]
        target = values[gauge] + max(-most, min(most, before + total)) - before
        target = round(max(0.0, min(100.0, target)), 2)
        kept += _scaled(mine, total, target - values[gauge])
        values[gauge] = target
    return Mind(**values), tuple(kept)


def _scaled(changes: list[Change], total: float, moved: float) -> list[Change]:
    """The changes as they were where all of them fitted; else those of the way it moved, cut to what it moved."""
    if abs(total - moved) < 0.01:
        return changes
    along = [change for change in changes if change.amount * moved > 0]
    wanted = sum(change.amount for change in along)
    return [c.model_copy(update={"amount": round(c.amount * moved / wanted, 2)}) for c in along]
