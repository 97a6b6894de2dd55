"""Persona and scenario files: what they hold, and what must be true of them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from bot.moves import ADVANCING, Code


class Occasion(StrEnum):
    """The moments for which a persona may bring lines of their own; the default lines fill the rest."""

    GREET = "greet"
    GO_AHEAD = "go_ahead"
    SHRINK = "shrink"
    HALF_ADMIT = "half_admit"
    TAKE_IN = "take_in"
    THINK = "think"
    ECHO_FIGURE = "echo_figure"
    ECHO_WORDS = "echo_words"
    PERSON_NAMED = "person_named"
    RECALL = "recall"
    QUOTED_BACK = "quoted_back"
    CONFIRM = "confirm"
    CORRECT = "correct"
    DEFLECT = "deflect"
    DELEGATE = "delegate"
    CHANGE_SUBJECT = "change_subject"
    ASK_WHO = "ask_who"
    REFUSE = "refuse"
    DONT_KNOW = "dont_know"
    WONT_SAY = "wont_say"
    TOLD_YOU = "told_you"
    FISHING = "fishing"
    OBJECT_PITCH = "object_pitch"
    OBJECT_CLAIM = "object_claim"
    OBJECT_PRESSURE = "object_pressure"
    OBJECT_TELLING = "object_telling"
    OBJECT_REBUTTAL = "object_rebuttal"
    OBJECT_VISION = "object_vision"
    OBJECT_STEP = "object_step"
    DOUBT = "doubt"
    FORGIVE = "forgive"
    FAREWELL = "farewell"
    FLATTERED = "flattered"
    WELCOME_PITCH = "welcome_pitch"
    WELCOME_VISION = "welcome_vision"
    BUYING_EARLY = "buying_early"
    CONTRADICTED = "contradicted"
    HEARD_BEFORE = "heard_before"
    PROMISED = "promised"
    SMALL_TALK = "small_talk"
    VAGUE = "vague"
    KEYWORDS = "keywords"
    GIBBERISH = "gibberish"
    INJECTION = "injection"
    FOREIGN = "foreign"
    ABUSE = "abuse"
    SILENCE = "silence"
    TOO_LONG = "too_long"
    LOSING_PATIENCE = "losing_patience"
    STAY_PUT = "stay_put"
    BRUSH_OFF = "brush_off"
    KEEP_CLOSE = "keep_close"
    WONDER = "wonder"
    UNEASY = "uneasy"
    READY = "ready"
    TURN = "turn"
    END_PUSHED = "end_pushed"
    END_BORED = "end_bored"
    END_ABUSED = "end_abused"


SLOTS: dict[Occasion, frozenset[str]] = {
    Occasion.ECHO_FIGURE: frozenset({"figure"}),
    Occasion.ECHO_WORDS: frozenset({"words"}),
    Occasion.PERSON_NAMED: frozenset({"person"}),
    Occasion.RECALL: frozenset({"words"}),
    Occasion.QUOTED_BACK: frozenset({"words"}),
    Occasion.OBJECT_CLAIM: frozenset({"words"}),
    Occasion.OBJECT_PRESSURE: frozenset({"words"}),
    Occasion.OBJECT_PITCH: frozenset({"words"}),
    Occasion.OBJECT_TELLING: frozenset({"words"}),
    Occasion.OBJECT_REBUTTAL: frozenset({"words"}),
    Occasion.DOUBT: frozenset({"words"}),
    Occasion.CONTRADICTED: frozenset({"wrong", "right"}),
    Occasion.PROMISED: frozenset({"words"}),
    Occasion.DELEGATE: frozenset({"person"}),
}

SLOT = re.compile(r"\{([a-z]+)\}")


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise ValueError("is empty; write at least a word")
    return text


Text = Annotated[str, AfterValidator(_one_line), Field(max_length=1200)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Number = Annotated[float, Field(ge=0, le=100)]
Says = Annotated[tuple[Text, ...], Field(min_length=1, max_length=20)]
Dial = Annotated[float, Field(ge=0, le=3)]


class Part(BaseModel):
    """A part of a persona file: read-only, and no field that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(Part):
    """A number that is true of this buyer, and the words for what it counts."""

    value: float
    of: Annotated[tuple[Text, ...], Field(min_length=1)]


class BriefItem(Part):
    """Something a rep can know before the call."""

    id: Id
    kind: Literal["fact", "event", "figure", "benchmark"]
    text: Text
    found: Text
    figures: tuple[Figure, ...] = ()


class Voice(Part):
    """How they talk; `manner` picks the default lines for moments the file has none for."""

    manner: Literal["brisk", "warm"]
    describe: Text
    samples: Annotated[tuple[Text, ...], Field(min_length=3)]


class Side(Part):
    """One side of how things are: what is so, and how they would say it."""

    what: Text
    says: Says


class StatusQuo(Part):
    """How it is done today, why that is comfortable, what changing would cost, how they were burned."""

    today: Side
    comfort: Side
    change_costs: Side
    burned: Side


class Unlock(Part):
    """What makes a need come out: one of the moves, near one of the subjects, once trust and tension allow."""

    moves: Annotated[tuple[Code, ...], Field(min_length=1)]
    about: tuple[Text, ...] = ()
    trust: Number = 0
    tension: Number = 0


class Need(Part):
    """Something that would make them change, and how they would say it."""

    id: Id
    what: Text
    unlocked_by: Unlock
    says: Says


class Needs(Part):
    """The three layers, which come out in this order."""

    said: Annotated[tuple[Need, ...], Field(min_length=1)]
    felt: Annotated[tuple[Need, ...], Field(min_length=1)]
    unknown: Annotated[tuple[Need, ...], Field(min_length=1)]


class Fact(Part):
    """Something they can tell when asked; `guarded` says how much trust it takes."""

    id: Id
    topic: Text
    asks: Annotated[tuple[Text, ...], Field(min_length=1)]
    guarded: Literal["open", "guarded", "private"]
    what: Text
    says: Says
    figures: tuple[Figure, ...] = ()


class Why(Part):
    """One step of the chain from the surface to what they care about."""

    what: Text
    says: Says


class Stakeholder(Part):
    """Somebody who would have to be in it."""

    id: Id
    name: Text
    role: Text
    what: Text
    says: Says


class Effect(Part):
    """By how much a trigger moves the mind."""

    inertia: float = Field(0, ge=-30, le=30)
    tension: float = Field(0, ge=-30, le=30)
    trust: float = Field(0, ge=-30, le=30)
    pressure: float = Field(0, ge=-30, le=30)
    patience: float = Field(0, ge=-30, le=30)


class Trigger(Part):
    """A subject that sets them off beyond the general rules."""

    id: Id
    about: Annotated[tuple[Text, ...], Field(min_length=1)]
    why: Text
    effect: Effect
    says: Says


class Consequence(Part):
    """What staying costs them, with their own figures."""

    id: Id
    what: Text
    about: tuple[Text, ...] = ()
    says: Says
    figures: tuple[Figure, ...] = ()


class Agreement(Part):
    """The next step they would take, and what they say in their own words before it."""

    step: Text
    condition: Text
    why: Says
    cost: Says
    who: Says
    yes: Says
    not_yet: Says


class Questions(Part):
    """What they ask back, by stance."""

    dismissive: tuple[Text, ...] = ()
    guarded: tuple[Text, ...] = ()
    curious: tuple[Text, ...] = ()
    concerned: tuple[Text, ...] = ()
    ready: tuple[Text, ...] = ()


class Start(Part):
    """The mind before the first word, 0 to 100 each."""

    inertia: Number = 70
    tension: Number = 15
    trust: Number = 25
    pressure: Number = 15
    patience: Number = 60


class Dials(Part):
    """The starting mind, and how strongly each kind of move acts on this buyer (1 is the general rule)."""

    start: Start = Start()
    acts: dict[Code, Dial] = {}


class Coached(Part):
    """A line a good rep could say to this buyer; `uses` names what must be known first (brief or earned ids)."""

    text: Text
    uses: tuple[Id, ...] = ()


class Persona(Part):
    """A buyer on file."""

    id: Id
    name: Text
    role: Text
    company: Text
    industry: Text
    invented: Literal[True]
    difficulty: Literal["easy", "medium", "hard"]
    journey_phase: Literal["discovery", "research", "purchase", "delivery", "devotion"]
    card: Text
    practise: Text
    picks_up: Text
    pronoun: Literal["she", "he", "they"]
    voice: Voice
    brief: Annotated[tuple[BriefItem, ...], Field(min_length=4)]
    status_quo: StatusQuo
    needs: Needs
    facts: Annotated[tuple[Fact, ...], Field(min_length=5)]
    whys: Annotated[tuple[Why, ...], Field(min_length=3)]
    stakeholders: Annotated[tuple[Stakeholder, ...], Field(min_length=1)]
    triggers: tuple[Trigger, ...] = ()
    consequences: Annotated[tuple[Consequence, ...], Field(min_length=1)]
    agrees_to: Agreement
    questions: Questions = Questions()
    dials: Dials = Dials()
    coaching: dict[Code, tuple[Coached, ...]] = {}
    lines: dict[Occasion, Says] = {}

    @model_validator(mode="after")
    def _holds_together(self) -> Persona:
        faults = [*_repeated_ids(self), *_unknown_uses(self), *_bad_slots(self)]
        faults += [
            f"coaching.{code}: only moves that advance are coached" for code in self.coaching if code not in ADVANCING
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def first_name(self) -> str:
        """What a rep would call them."""
        return self.name.split()[0]

    @property
    def all_needs(self) -> tuple[Need, ...]:
        """Needs from the surface down."""
        return (*self.needs.said, *self.needs.felt, *self.needs.unknown)


def _repeated_ids(persona: Persona) -> list[str]:
    groups = (persona.brief, persona.all_needs, persona.facts, persona.stakeholders, persona.consequences)
    seen: set[str] = set()
    faults: list[str] = []
    for item in (item for group in groups for item in group):
        if item.id in seen:
            faults.append(f"id {item.id!r} is used twice; give one of them another")
        seen.add(item.id)
    return faults


def _unknown_uses(persona: Persona) -> list[str]:
    groups = (persona.brief, persona.all_needs, persona.facts, persona.stakeholders, persona.consequences)
    known = {item.id for group in groups for item in group}
    return [
        f"coaching.{code}: uses {use!r}, which is no id in this file"
        for code, lines in persona.coaching.items()
        for line in lines
        for use in line.uses
        if use not in known
    ]


def _bad_slots(persona: Persona) -> list[str]:
    faults: list[str] = []
    for occasion, says in persona.lines.items():
        allowed = SLOTS.get(occasion, frozenset())
        for said in says:
            for slot in set(SLOT.findall(said)) - allowed:
                may = ", ".join("{" + name + "}" for name in sorted(allowed)) or "none"
                faults.append(f"lines.{occasion}: {{{slot}}} cannot be filled there (slots: {may})")
    return faults


class Scenario(Part):
    """A persona in a situation."""

    id: Id
    persona: Id
    title: Text
    journey_phase: Literal["discovery", "research", "purchase", "delivery", "devotion"]
    difficulty: Literal["easy", "medium", "hard"]
    how_it_came_about: Text
    rep_is: Text
    rep_offers: Text
    good_ending: Text
