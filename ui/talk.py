"""Sending one message: the buyer's words as they come, then the whole turn or one line that says why there is none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bot.build import Trainer
from bot.errors import Failure, UserError
from bot.session import Session
from bot.store import Store
from bot.turn import Done, TakenBack, Word, run_turn

log = logging.getLogger(__name__)

WORD_S = 0.02
AT_ONCE_S = 0.004
AT_ONCE = 64
EMPTY = "Write something first; nothing was sent."
BUSY = "A turn of this call is still running; wait for it, then send again."
FAILED = "Something failed; it was logged."


@dataclass(frozen=True)
class Speaking:
    """The turn runs; `spoken` is the buyer's line so far."""

    spoken: str


@dataclass(frozen=True)
class Finished:
    """The turn is stored."""

    session: Session


@dataclass(frozen=True)
class Refused:
    """No turn happened; `why` is one line for the rep."""

    why: str


@dataclass(frozen=True)
class Busy:
    """Another turn of the session still runs; nothing was sent."""


Step = Speaking | Finished | Refused | Busy


def store_of(trainer: Trainer) -> Store:
    """The trainer's store; UserError where it has none."""
    if trainer.store is None:
        raise UserError("the page needs a store; build the trainer with one")
    return trainer.store


def explain(error: Exception) -> str:
    """An error as one line for the page; one that is not ours is logged whole."""
    if isinstance(error, (UserError, Failure)):
        return str(error)
    log.error("the page failed", exc_info=error)
    return FAILED


class Talk:
    """The calls of one server; a session runs one turn at a time, a second send meanwhile is refused."""

    def __init__(self, trainer: Trainer, word_s: float = WORD_S) -> None:
        self._trainer = trainer
        self._word_s = word_s
        # Read and changed on the event loop's thread only, so no lock is needed around it.
        self._running: set[str] = set()
        # A model's next word can take long; turns that wait for one shall not hold up the rest of the page.
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="turn")

    async def send(self, session: str, message: str) -> AsyncGenerator[Step]:
        """Play a message; ends with Finished, Refused or Busy."""
        if not message.strip():
            yield Refused(EMPTY)
            return
        if session in self._running:
            yield Busy()
            return
        self._running.add(session)
        last: Step | None = None
        try:
            async for step in self._play(session, message):
                if isinstance(step, Speaking):
                    yield step
                else:
                    last = step
        except Exception as error:
            last = Refused(explain(error))
        finally:
            self._running.discard(session)
        # Told only now, when the next message may come.
        if last:
            yield last

    async def _play(self, name: str, message: str) -> AsyncGenerator[Step]:
        yield Speaking("")
        session = await asyncio.to_thread(store_of(self._trainer).load, name)
        events = run_turn(self._trainer, session, message)
        spoken = ""
        # Words are paced here, off the threads, so that many calls can stream at once.
        loop = asyncio.get_running_loop()
        while True:
            asked = loop.time()
            event = await loop.run_in_executor(self._threads, next, events, None)
            if event is None:
                return
            if isinstance(event, Word):
                spoken += event.text
                yield Speaking(spoken)
                # A model's words come at a pace of their own; a draft's are there at once.
                if loop.time() - asked < AT_ONCE_S:
                    await asyncio.sleep(self._word_s)
            elif isinstance(event, TakenBack):
                spoken = event.kept
                yield Speaking(spoken)
            elif isinstance(event, Done):
                yield Finished(event.session)
