"""How much a turn adds to a bare streaming call: `python -m benchmarks.model_speed`, with a model configured.

Each turn is played once by us and asked once bare, with the very same prospect prompt to the same server; between them
another buyer's prompt is asked, so that neither finds its prompt in the server's cache. Printed are the medians of the
ratios: first word, and the whole line. Set INERTIA_TEMPERATURE=0, so that both say the same.
"""

from __future__ import annotations

import re
import statistics
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.model import ROOT
from bot.build import Trainer, build
from bot.caller import Caller
from bot.calling import Message
from bot.cli import read_script
from bot.session import Call, Session
from bot.settings import NO_MODEL, Settings
from bot.turn import Done, Word, run_turn
from bot.voice import model as voice

TURNS = 4
BUYERS = ("freight-vp", "dentist-owner")


@dataclass(frozen=True)
class Pace:
    """Seconds until the first stretch of a line, until its first word is whole, and until its end."""

    first_s: float
    word_s: float
    whole_s: float


def main() -> None:
    """Play, ask, print."""
    settings = Settings(coach_model=NO_MODEL, reader_model=NO_MODEL)
    trainer = build(settings, stored=False)
    firsts: list[float] = []
    wholes: list[float] = []
    seen: list[tuple[float, float]] = []
    for buyer in BUYERS:
        session = trainer.start(buyer, seed=1)
        other = next(one for one in BUYERS if one != buyer)
        for number, message in enumerate(read_script(ROOT / f"tests/scripts/{buyer}-strong-1.txt")[:TURNS]):
            _flush(trainer, other)
            with noted() as asked:
                first, whole, session = _ours(trainer, session, message)
            _flush(trainer, other)
            alone = bare(_prospect(trainer), asked[0])
            firsts.append(first / alone.first_s)
            wholes.append(whole / alone.whole_s)
            seen.append((alone.first_s, alone.whole_s))
            print(
                f"{buyer} {number + 1}: first {first:.3f} s / {alone.first_s:.3f} s, "
                f"line {whole:.3f} s / {alone.whole_s:.3f} s"
            )
    print(
        f"{len(firsts)} turns: first word {statistics.median(firsts):.3f} times a bare call "
        f"({statistics.median(one for one, _ in seen):.2f} s), whole line {statistics.median(wholes):.3f} times "
        f"({statistics.median(one for _, one in seen):.2f} s)"
    )


def _ours(trainer: Trainer, session: Session, message: str) -> tuple[float, float, Session]:
    began, first, last, after = time.perf_counter(), 0.0, 0.0, session
    for event in run_turn(trainer, session, message):
        if isinstance(event, Word):
            last = time.perf_counter() - began
            first = first or last
        elif isinstance(event, Done):
            after = event.session
    return first, last, after


@contextmanager
def noted() -> Generator[Sequence[list[Message]]]:
    """The prospect's prompts that are made meanwhile."""
    made, asked = voice.messages, list[list[Message]]()

    def noting(*args: object, **more: object) -> list[Message]:
        asked.append(made(*args, **more))  # pyright: ignore[reportArgumentType]
        return asked[-1]

    voice.messages = noting
    try:
        yield asked
    finally:
        voice.messages = made


def bare(caller: Caller, asked: list[Message]) -> Pace:
    """The same prompt in a streaming call and nothing else."""
    began, first, word, said = time.perf_counter(), 0.0, 0.0, ""
    for chunk in caller.chat().stream(asked):
        if chunk.content:
            said += chunk.content
            now = time.perf_counter() - began
            first = first or now
            word = word or (now if re.search(r"\w[^\w'’-]", said) else 0.0)
    whole = time.perf_counter() - began
    return Pace(first, word or whole, whole)


def _prospect(trainer: Trainer) -> Caller:
    caller = trainer.caller("prospect")
    assert caller is not None
    return caller


def _flush(trainer: Trainer, buyer: str) -> None:
    calls: list[Call] = []
    for _ in _prospect(trainer).stream(
        [("user", f"Say yes. {voice.stable(trainer, trainer.persona(buyer))}"[:2000])], calls, threading.Event()
    ):
        break


if __name__ == "__main__":
    main()
