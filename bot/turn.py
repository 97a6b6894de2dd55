"""One turn, read top to bottom: read the rep, move the mind, plan the line, speak it, coach, store."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot import coach, director, mind, tells
from bot.assessor.reading import Reading
from bot.assessor.weigh import weigh
from bot.errors import UserError
from bot.heard import Heard, hear
from bot.memory import Memory
from bot.mind import Mind, Stance
from bot.moment import Moment
from bot.moves import MEANINGLESS, Code, OtherKind
from bot.persona import Persona
from bot.plan import Plan
from bot.session import Earned, Objection, Session, Turn
from bot.speech import Speaker, marks, short_words
from bot.voice import draft

if TYPE_CHECKING:
    from bot.build import Trainer

MOST_CHARACTERS = 20_000
BESIDE = ThreadPoolExecutor(thread_name_prefix="hearing")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Heeded:
    """The message was read; the prospect is about to speak."""

    reading: Reading


@dataclass(frozen=True)
class Word:
    """The next stretch of the prospect's line, as it is spoken."""

    text: str


@dataclass(frozen=True)
class Done:
    """The whole turn, stored."""

    turn: Turn
    session: Session


@dataclass(frozen=True)
class TakenBack:
    """Words that were shown and do not hold: the line so far is `kept`."""

    kept: str


class Watch:
    """Seconds spent in each stage of turns, for the benchmark."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    def time(self, stage: str, since: float) -> float:
        """Note a stage's seconds and return now."""
        now = time.perf_counter()
        self.seconds.setdefault(stage, []).append(now - since)
        return now


@dataclass(frozen=True)
class Played:
    """A turn whose line is planned: all that speaking and coaching it need."""

    trainer: Trainer
    persona: Persona
    session: Session
    turn: Turn
    plan: Plan
    heard: Heard
    before: Mind
    watch: Watch


Event = Heeded | Word | TakenBack | Done


def run_turn(trainer: Trainer, session: Session, message: str, watch: Watch | None = None) -> Iterator[Event]:
    """Play one rep message; yields events, last of them `Done`.

    Raises UserError when the message or the session does not allow a turn; then nothing has happened.
    """
    text = _checked(session, message)
    watch = watch or Watch()
    now = time.perf_counter()
    persona = trainer.persona(session.persona)
    before, memory = session.mind, session.memory
    said_before = session.turns[-1].prospect if session.turns else persona.picks_up

    # Neither needs the other, and both spend their time outside the interpreter.
    held = BESIDE.submit(_hear, trainer, session, text)
    reading = trainer.reader.read(text, said_before, pasted_from=trainer.pasted_from)
    heard = held.result()
    reading = weigh(reading, heard).model_copy(update={"talk_share": _talk_share(session, text)})
    now = watch.time("reading", now)

    after, changes = trainer.move_mind(before, reading, heard, memory, persona)
    now = watch.time("mind", now)

    rng = random.Random(f"{session.seed}:{len(session.turns) + 1}")
    says = trainer.ground(session.persona).says
    nearness = {line: float(vector @ heard.vector) for line, vector in says.items()}
    speaker = Speaker(persona, trainer.default_lines, memory, rng, nearness)
    moment = Moment(persona, before, after, reading, heard, memory, speaker)
    plan = director.decide(moment)
    told = [
        (given.layer, given.what, persona.first_name) for given in plan.given if _is_new(given.layer, given.id, memory)
    ]
    if plan.ending is None:
        after, more = mind.hear_self(after, told, text[:80], changes)
        changes = (*changes, *more)
    if plan.lets_hear:
        plan = tells.show(replace(moment, after=after), plan)
    now = watch.time("director", now)

    yield Heeded(reading)
    number = len(session.turns) + 1
    turn = Turn(
        number=number,
        rep=text,
        prospect=plan.draft,
        talk=plan.talk,
        act=plan.act,
        objection=_objection(plan, number),
        stance=Stance(plan.ending) if plan.ending else after.stance,
        mind=after,
        reading=reading,
        changes=changes,
        earned=tuple(Earned(layer=g.layer, id=g.id, what=g.what) for g in plan.given),
        feedback=None,
        spoken_by=draft.NAME,
        memory=_remember(memory, reading, heard, plan, number),
    )
    said = Played(trainer, persona, session, turn, plan, heard, before, watch)
    caller = trainer.caller("prospect")
    if caller is None and not any(trainer.caller(role) for role in ("coach", "reader")):
        yield from (Word(word) for word in draft.speak(plan))
        now = time.perf_counter()
        turn = turn.model_copy(update={"feedback": coach.coach(trainer, persona, session, turn, heard, watch)})
    else:
        # Imported when it is used: without a model nothing of this is loaded.
        from bot.voice import company

        turn = yield from company.play(said, caller)
        now = time.perf_counter()
    now = watch.time("feedback", now)
    session = trainer.keep(session, turn)
    watch.time("store", now)
    yield Done(turn, session)


def play_turn(trainer: Trainer, session: Session, message: str, watch: Watch | None = None) -> Session:
    """Play one message to its end; the session one turn on."""
    for event in run_turn(trainer, session, message, watch):
        if isinstance(event, Done):
            return event.session
    raise AssertionError("a turn ends with Done")


def _checked(session: Session, message: str) -> str:
    if session.is_over:
        raise UserError(f"session {session.id}: the call is over; start another one to go on practising")
    if len(message) > MOST_CHARACTERS:
        raise UserError(f"the message has {len(message):,} characters; say it in {MOST_CHARACTERS:,} at most")
    return CONTROL.sub(" ", message).strip()


def _hear(trainer: Trainer, session: Session, text: str) -> Heard:
    persona = trainer.persona(session.persona)
    earlier = [turn.rep for turn in session.turns if turn.rep]
    vectors = trainer.vectors_of(earlier)
    theirs = [turn.prospect for turn in session.turns]
    ground, known = trainer.ground(session.persona), trainer.known(session.persona)
    heard = hear(text, persona, ground, trainer.embedder, vectors, theirs, known)
    trainer.learn(text, heard.vector)
    return heard


def _talk_share(session: Session, text: str) -> float:
    words = len(text.split())
    others = sum(len(turn.rep.split()) + len(turn.prospect.split()) for turn in session.turns)
    return round(words / (words + others), 3) if words + others else 0.0


def _is_new(layer: str, name: str, memory: Memory) -> bool:
    return layer != "fact" and not memory.has_earned(f"{layer}:{name}" if layer == "why" else name)


def _remember(memory: Memory, reading: Reading, heard: Heard, plan: Plan, number: int) -> Memory:
    moves, told = dict(memory.moves), dict(memory.told)
    for code in sorted({move.code for move in reading.moves}):
        moves[code] = moves.get(code, 0) + 1
    for given in plan.given:
        told[given.id] = told.get(given.id, 0) + 1
    earned = [f"why:{g.id}" if g.layer == "why" else g.id for g in plan.given]
    claims = (Code.INSIGHT, Code.TAILORING, Code.CONSEQUENCE, Code.VISION)
    quote = next((short_words(m.quote) for m in reading.advancing if m.code in claims and "?" not in m.quote), None)
    promise = short_words(heard.promise, 9) if heard.promise else None
    return Memory(
        turns=number,
        moves=moves,
        told=told,
        used=memory.used.union(*(marks(piece) for piece in plan.pieces)),
        earned=tuple(dict.fromkeys((*memory.earned, *earned))),
        voiced=memory.voiced | plan.voiced,
        why_depth=memory.why_depth + sum(given.layer == "why" for given in plan.given),
        resisted=(*memory.resisted, *([plan.resisted] if plan.resisted else [])),
        rep_words=(*memory.rep_words, *((number, words) for words in (quote, promise) if words)),
        meaningless=memory.meaningless + (reading.kind in MEANINGLESS),
        abused=memory.abused + (reading.kind == OtherKind.ABUSE),
        elsewhere=memory.elsewhere + (len(heard.strange) >= mind.ELSEWHERE_FROM),
    )


def _objection(plan: Plan, number: int) -> Objection | None:
    if plan.objection is None:
        return None
    return Objection(kind=plan.objection.kind, turn=number, move=plan.objection.move, quote=plan.objection.quote)
