"""A turn with models in it: the prospect speaks while the coach writes and a second reader reads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from bot import coach, coach_model, second
from bot.caller import Caller
from bot.calling import Trouble
from bot.session import Call, Correction, Feedback, Spoken, Turn
from bot.turn import Event, Played, TakenBack, Word
from bot.voice import draft, model
from bot.voice.guard import Guard

log = logging.getLogger(__name__)
Given = TypeVar("Given")
UNFORESEEN = "failed; the cause was logged"


def play(said: Played, caller: Caller | None) -> Generator[Event, None, Turn]:
    """The prospect's line as it comes; returns the whole turn. What a model fails at, the embedded part does."""
    trainer, turn = said.trainer, said.turn
    calls: list[Call] = []
    started, left = threading.Event(), threading.Event()
    coaching, reading = trainer.caller("coach"), trainer.caller("reader")
    pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="beside")
    try:
        # Beside the prospect, and behind it in the queue where a server takes one call at a time.
        reread = pool.submit(_after, started, lambda: _second(said, reading, calls, left)) if reading else None
        noted = pool.submit(_after, started, lambda: _noted(said, coaching, calls, left)) if coaching else None
        if caller:
            turn = yield from _spoken(said, caller, calls, started, left)
        else:
            started.set()
            yield from (Word(word) for word in draft.speak(said.plan))
        feedback = _feedback(said, turn, noted, coaching)
        turn = turn.model_copy(update={"feedback": feedback})
        correction = _given(reread)
        if reading and correction is None:
            correction = Correction(model=reading.model.label, trouble=UNFORESEEN)
        turn = _put_right(said, turn, correction)
    finally:
        # Set where the client left in the middle; at the end of a turn nobody is waiting any more.
        left.set()
        started.set()
        pool.shutdown(wait=False, cancel_futures=True)
    return turn.model_copy(update={"calls": tuple(calls)})


def _after(started: threading.Event, work: Callable[[], Given]) -> Given:
    started.wait()
    return work()


def _spoken(
    said: Played, caller: Caller, calls: list[Call], started: threading.Event, left: threading.Event
) -> Generator[Event, None, Turn]:
    trainer, turn = said.trainer, said.turn
    reader = trainer.reader

    def reads(sentence: str) -> list[str]:
        return [str(move.code) for move in reader.read(sentence, None).moves if move.confidence >= SURE_OF_SELLING]

    alike = model.alike_by(trainer)
    watch = Guard(model.ground(trainer, said.session, said.persona, said.plan, turn), alike, reads)
    asked = model.messages(
        trainer, said.session, said.persona, said.plan, turn.stance, turn.rep, turn.reading.kind, caller.counter
    )
    line = ""
    speaking = model.speak(caller, asked, said.plan, watch, alike, calls, started)
    while True:
        try:
            part = next(speaking)
        except StopIteration as end:
            spoken: Spoken = end.value
            break
        line = part.kept if isinstance(part, model.TakeBack) else line + part
        try:
            yield TakenBack(line) if isinstance(part, model.TakeBack) else Word(part)
        except GeneratorExit:
            # Before the call is closed, so that nothing takes the slot that it frees.
            left.set()
            raise
    by = draft.NAME if not line.strip() or line.strip() == said.plan.draft.strip() else caller.model.label
    return turn.model_copy(update={"prospect": line.strip() or said.plan.draft, "spoken": spoken, "spoken_by": by})


SURE_OF_SELLING = 0.85


def _noted(said: Played, caller: Caller, calls: list[Call], left: threading.Event) -> Feedback | Trouble:
    """A model's feedback on the turn as it is planned; the line itself is still being spoken."""
    prepared = coach.prepare(said.trainer, said.persona, said.session, said.turn, said.heard, said.watch)
    try:
        return coach_model.reworded(said.trainer, caller, said.persona, said.session, said.turn, prepared, calls, left)
    except Trouble as trouble:
        return trouble


def _feedback(said: Played, turn: Turn, noted: Future[Feedback | Trouble] | None, caller: Caller | None) -> Feedback:
    got = _given(noted)
    if isinstance(got, Feedback):
        return got
    embedded = coach.coach(said.trainer, said.persona, said.session, turn, said.heard, said.watch)
    if caller is None:
        return embedded
    why = str(got) if got else f"{caller.model.label} {UNFORESEEN}"
    return embedded.model_copy(update={"by": f"the embedded coach ({why})"})


def _second(said: Played, caller: Caller, calls: list[Call], left: threading.Event) -> Correction:
    turn = said.turn
    before = said.session.turns[-1].prospect if said.session.turns else said.persona.picks_up
    if turn.reading.kind is not None or turn.reading.unread or not turn.rep:
        return Correction(model=caller.model.label)
    try:
        seen = second.read(caller, said.trainer.codes, turn.rep, before, calls, left)
    except Trouble as trouble:
        return Correction(model=caller.model.label, trouble=str(trouble))
    likelihood = said.trainer.reader.likelihood(turn.rep, before)
    return second.compare(turn.reading, seen, turn.rep, caller.model.label, likelihood)


def _given(work: Future[Given] | None) -> Given | None:
    """What was made beside the line; what failed in it unforeseen is logged whole, and the turn goes on without."""
    if work is None:
        return None
    try:
        return work.result()
    except Exception:
        log.exception("a model's part of the turn failed")
        return None


def _put_right(said: Played, turn: Turn, correction: Correction | None) -> Turn:
    if correction is None:
        return turn
    turn = turn.model_copy(update={"second": correction})
    if not correction.differs or turn.is_last:
        return turn
    memory = said.session.memory
    after, changes = second.corrected(
        said.before, turn.mind, turn.changes, turn.reading, correction, said.heard, memory, said.persona
    )
    return turn.model_copy(update={"mind": after, "changes": changes, "stance": after.stance})
