"""A practice conversation: its turns, as they are stored and as scripts see them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.assessor.reading import Move, Reading
from bot.memory import Memory
from bot.mind import Change, Mind, Stance
from bot.moves import Code
from bot.speech import Talk

Outcome = Literal["agreed_next_step", "ended_call", "open"]
Depth = Literal["brief", "standard", "deep"]


class Frozen(BaseModel):
    """A record that does not change."""

    model_config = ConfigDict(frozen=True)


class Objection(Frozen):
    """What the prospect objected to, and the rep's turn, move and words that provoked it."""

    kind: str
    turn: int
    move: Code
    quote: str


class Earned(Frozen):
    """Something of the persona's file that came out."""

    layer: str
    id: str
    what: str


class Citation(Frozen):
    """A passage that a note rests on."""

    id: str
    title: str
    source: str


class Note(Frozen):
    """One remark of the coach: the rep's exact words (None where it is about what was not said), and what they did."""

    about: str
    quote: str | None
    what: str
    principle: str
    citations: tuple[Citation, ...]


class Feedback(Frozen):
    """What the coach says after a turn: one thing that landed or none, one thing to fix or none.

    `notice` says why notes come without passages, when the index cannot be used.
    """

    evidenced: bool
    landed: Note | None
    fix: Note | None
    remark: str | None
    rewrite: str | None
    next_question: str
    notice: str | None = None
    by: str = "the embedded coach"

    @property
    def is_mending(self) -> bool:
        """Whether the rewrite stands in for what was said; else it is a line to go on with."""
        return self.fix is not None or self.landed is None


class Removed(Frozen):
    """What the guard cut from a model's line, and for what."""

    kind: str
    text: str


class Spoken(Frozen):
    """How a model's line came about: with which prompt, what was cut, what was said from the draft, what failed."""

    model: str
    prompt: str
    raw: str
    removed: tuple[Removed, ...] = ()
    from_draft: tuple[str, ...] = ()
    trouble: str | None = None


class Correction(Frozen):
    """Where a model's second reading differed from the first: what it added and took away, or what failed."""

    model: str
    added: tuple[Move, ...] = ()
    removed: tuple[Move, ...] = ()
    trouble: str | None = None

    @property
    def differs(self) -> bool:
        """Whether anything was put right."""
        return bool(self.added or self.removed)


class Call(Frozen):
    """One call to a model: its role, tokens, seconds and cost; `cost` is None where no price is on file."""

    role: str
    model: str
    prompt: int
    cached: int
    completion: int
    counted_by: str
    cost: float | None
    first_s: float | None
    whole_s: float


class Turn(Frozen):
    """One rep message and all that followed from it; `memory` is the prospect's after it."""

    number: int
    rep: str
    prospect: str
    talk: Talk
    act: str
    objection: Objection | None
    stance: Stance
    mind: Mind
    reading: Reading
    changes: tuple[Change, ...]
    earned: tuple[Earned, ...]
    feedback: Feedback | None
    spoken_by: str
    memory: Memory
    spoken: Spoken | None = None
    second: Correction | None = None
    calls: tuple[Call, ...] = ()

    @property
    def is_last(self) -> bool:
        """Whether the call ended with this turn."""
        return self.stance in (Stance.ENDED_CALL, Stance.AGREED_NEXT_STEP)


class Session(Frozen):
    """A session and its turns so far."""

    id: str
    persona: str
    scenario: str
    seed: int
    depth: Depth
    assessed: bool
    started: str
    closed: bool
    start: Mind
    turns: tuple[Turn, ...] = ()

    @property
    def mind(self) -> Mind:
        """The prospect's mind now."""
        return self.turns[-1].mind if self.turns else self.start

    @property
    def memory(self) -> Memory:
        """The prospect's memory now."""
        return self.turns[-1].memory if self.turns else Memory()

    @property
    def outcome(self) -> Outcome:
        """How the call stands."""
        if self.turns and self.turns[-1].stance == Stance.AGREED_NEXT_STEP:
            return "agreed_next_step"
        return "ended_call" if self.turns and self.turns[-1].stance == Stance.ENDED_CALL else "open"

    @property
    def is_over(self) -> bool:
        """Whether no further turn can follow."""
        return self.closed or self.outcome != "open"

    @property
    def objections(self) -> tuple[Objection, ...]:
        """Every objection of the call."""
        return tuple(turn.objection for turn in self.turns if turn.objection)

    def with_turn(self, turn: Turn) -> Session:
        """The session one turn on."""
        return self.model_copy(update={"turns": (*self.turns, turn)})


def moves_json(reading: Reading, text: str) -> list[dict[str, object]]:
    """The moves in the words that scripts use; `other` over the whole message where there is none."""
    moves: list[dict[str, object]] = [
        {"move": str(move.code), "code": str(move.code), "quote": move.quote, "confidence": move.confidence}
        for move in reading.moves
    ]
    return moves or [
        {"move": "other", "code": "other", "quote": text.strip(), "confidence": round(1 - reading.doubt, 4)}
    ]


def turn_json(turn: Turn) -> dict[str, object]:
    """A turn in the words that scripts use."""
    dumped = turn.model_dump(mode="json")
    shown: dict[str, object] = {
        key: dumped[key] for key in ("number", "rep", "prospect", "talk", "objection", "stance", "mind")
    }
    return shown | {
        "moves": moves_json(turn.reading, turn.rep),
        "reading": {key: dumped["reading"][key] for key in ("specificity", "talk_share", "kind", "unread", "reader")},
        "changes": dumped["changes"],
        "earned": dumped["earned"],
        "feedback": dumped["feedback"],
        **{key: dumped[key] for key in ("spoken_by", "spoken", "second", "calls")},
    }


def session_json(session: Session) -> dict[str, object]:
    """A session in the words that scripts use."""
    return {
        "persona": session.persona,
        "scenario": session.scenario,
        "seed": session.seed,
        "outcome": session.outcome,
        "objections": [one.model_dump(mode="json") for one in session.objections],
        "turns": [turn_json(turn) for turn in session.turns],
    }
