"""How much a turn adds to a bare streaming call: `python -m benchmarks.model_speed`, with a model configured.

Each turn is played once by us and asked once bare, with the very same prospect prompt to the same server; between them
another buyer's prompt is asked, so that neither finds its prompt in the server's cache. Printed are the medians of the
ratios: first word, and the whole line. Set INERTIA_TEMPERATURE=0, so that both say the same.
"""

from __future__ import annotations

import statistics
import threading
import time

from benchmarks.model import ROOT
from bot.build import Trainer, build
from bot.calling import Message
from bot.cli import read_script
from bot.session import Call, Session
from bot.settings import NO_MODEL, Settings
from bot.turn import Done, Word, run_turn
from bot.voice import model as voice

TURNS = 4
BUYERS = ("freight-vp", "dentist-owner")


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
            asked: list[list[Message]] = []
            ours = _ours(trainer, session, message, asked)
            _flush(trainer, other)
            bare = _bare(trainer, asked[0])
            session = ours[2]
            firsts.append(ours[0] / bare[0])
            wholes.append(ours[1] / bare[1])
            seen.append((bare[0], bare[1]))
            print(
                f"{buyer} {number + 1}: first {ours[0]:.3f} s / {bare[0]:.3f} s, line {ours[1]:.3f} s / {bare[1]:.3f} s"
            )
    print(
        f"{len(firsts)} turns: first word {statistics.median(firsts):.3f} times a bare call "
        f"({statistics.median(one for one, _ in seen):.2f} s), whole line {statistics.median(wholes):.3f} times "
        f"({statistics.median(one for _, one in seen):.2f} s)"
    )


def _ours(trainer: Trainer, session: Session, message: str, asked: list[list[Message]]) -> tuple[float, float, Session]:
    made = voice.messages

    def noting(*args: object, **more: object) -> list[Message]:
        asked.append(made(*args, **more))  # pyright: ignore[reportArgumentType]
        return asked[-1]

    voice.messages = noting
    began, first, last, after = time.perf_counter(), 0.0, 0.0, session
    try:
        for event in run_turn(trainer, session, message):
            if isinstance(event, Word):
                last = time.perf_counter() - began
                first = first or last
            elif isinstance(event, Done):
                after = event.session
    finally:
        voice.messages = made
    return first, last, after


def _bare(trainer: Trainer, asked: list[Message]) -> tuple[float, float]:
    caller = trainer.caller("prospect")
    assert caller is not None
    began, first = time.perf_counter(), 0.0
    for chunk in caller.chat().stream(asked):
        if chunk.content and not first:
            first = time.perf_counter() - began
    return first, time.perf_counter() - began


def _flush(trainer: Trainer, buyer: str) -> None:
    caller = trainer.caller("prospect")
    assert caller is not None
    calls: list[Call] = []
    for _ in caller.stream(
        [("user", f"Say yes. {voice.stable(trainer, trainer.persona(buyer))}"[:2000])], calls, threading.Event()
    ):
        break


if __name__ == "__main__":
    main()
