"""What a turn adds to its calls, against a server of a set pace: `python -m benchmarks.model_pace`; no model is needed.

A small server in a process of its own on the loopback address answers many calls at once: the prospect's line token by
token, the coach's and the second reader's JSON, all made from the request. Every buyer's strong rep is played on the
path that the page takes (`--path turn` leaves out the page's own pacing), and the same prospect prompt is asked bare
after each turn. Printed are ratios, median and 95th percentile; nothing here passes or fails:

- first stretch: the first words that the page shows, over the bare call's first stretch of any kind, half words too
- first word: the same, over when the bare call's first word is whole
- line: the last words that the page shows, over the bare call's end
- feedback: the whole turn stored, over the time from its first request to the last byte of its last call as the server
  saw it, and over the longest of its calls alone

A turn went as meant where the server's every answer was taken at once, with nothing cut, asked again or drafted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import multiprocessing
import queue
import re
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.model_speed import Pace, bare, noted
from benchmarks.turns import scripts
from bot.build import Trainer, build
from bot.session import Session, Turn
from bot.settings import NO_MODEL, Settings
from bot.turn import Done, Watch, Word, play_turn, run_turn
from tests.faulty import Exchange, Faulty
from ui.talk import Finished, Speaking, Talk

TURNS = 5
REST_S = 10.0
ROLES = ("prospect", "coach", "reader")
# Openers that no plan has, so that the guard has sentences to read that it has not read before.
OPENERS = ("Well,", "So", "Look,", "But then", "Now")
REWRITE = "Who hears the telephone first on a Monday morning?"
NEXT = "What have you not asked about yet?"


@dataclass(frozen=True)
class Setting:
    """The server's pace: the first token's seconds, the prospect's tokens a second, and when JSON has ended."""

    name: str
    first_s: float
    rate: float
    aside_s: float
    at_once: int = 8


SETTINGS = (
    Setting("about even", 0.4, 25, 1.5),
    Setting("prospect slower", 0.4, 15, 1.0),
    Setting("coach slower", 0.4, 25, 3.0),
    Setting("quick server", 0.4, 100, 1.0),
    # What a server on this machine is given where INERTIA_CALLS_AT_ONCE is not set.
    Setting("one call at a time", 0.4, 25, 1.5, at_once=1),
)


@dataclass(frozen=True)
class Served:
    """A call as the server timed it."""

    role: str
    began: float
    ended: float


@dataclass(frozen=True)
class Played:
    """A turn of ours, its bare call and what the server says of its calls."""

    ours: Pace
    feedback_s: float
    bare: Pace
    served: tuple[Served, ...]
    turn: Turn

    @property
    def span_s(self) -> float:
        """From the turn's first request to the last byte of its last call."""
        return max(one.ended for one in self.served) - min(one.began for one in self.served)

    @property
    def longest_s(self) -> float:
        """The longest of its calls alone."""
        return max(one.ended - one.began for one in self.served)

    @property
    def is_as_meant(self) -> bool:
        """Whether every part came from the model at its first try, with nothing cut."""
        turn = self.turn
        assert turn.spoken
        assert turn.feedback
        is_whole = not (turn.spoken.removed or turn.spoken.from_draft or turn.spoken.trouble)
        is_read = turn.second is not None and not turn.second.trouble
        return is_whole and is_read and turn.feedback.by.startswith("the model") and len(self.served) <= len(ROLES)


class Stopwatch:
    """Notes when a turn shows its first words, its last and its feedback."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._first = self._last = 0.0

    def shows(self) -> None:
        """More words are shown."""
        self._last = time.perf_counter() - self._began
        self._first = self._first or self._last

    def ends(self) -> tuple[Pace, float]:
        """The turn is stored; its pace, and when that was."""
        return Pace(self._first, self._first, self._last), time.perf_counter() - self._began


def main() -> None:
    """Play, ask, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--path", choices=("page", "turn"), default="page")
    options.add_argument("--turns", type=int, default=TURNS, help="of each buyer")
    options.add_argument("--setting", choices=[one.name for one in SETTINGS], help="this one alone")
    chosen = options.parse_args()
    logging.getLogger("bot").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as name, asyncio.Runner() as runner:
        none: dict[str, Any] = {f"{role}_model": NO_MODEL for role in ROLES}
        loaded = build(Settings(home=Path(name), database=None, **none))
        print(
            f"ratios, median / 95th percentile; path: {chosen.path}; "
            f"to read a message and plan the answer takes {_planned(loaded):.0f} ms on this machine now\n"
        )
        print("| server | turns | first stretch | first word | line | feedback, by its clock | by the longest call |")
        print("|---|---|---|---|---|---|---|")
        for setting in SETTINGS:
            if chosen.setting in (None, setting.name):
                print(_row(setting, _play(loaded, setting, chosen.turns, runner if chosen.path == "page" else None)))


def _planned(loaded: Trainer) -> float:
    """Milliseconds of what comes before any call, once all is loaded: beyond it a busy machine shows."""
    spent: list[float] = []
    for persona, messages in scripts().items():
        session = loaded.start(persona, seed=1)
        for message in messages[:TURNS]:
            watch = Watch()
            session = play_turn(loaded, session, message, watch)
            spent.append(sum(sum(watch.seconds[stage]) for stage in ("reading", "mind", "director")))
    return _median(spent) * 1000


def _row(setting: Setting, played: Sequence[Played]) -> str:
    cells = (
        _cell([one.ours.first_s / one.bare.first_s for one in played]),
        _cell([one.ours.word_s / one.bare.word_s for one in played]),
        _cell([one.ours.whole_s / one.bare.whole_s for one in played]),
        _cell([one.feedback_s / one.span_s for one in played]),
        _cell([one.feedback_s / one.longest_s for one in played]),
    )
    pace = f"{setting.name}: first {setting.first_s:g} s, {setting.rate:g} tokens/s, JSON {setting.aside_s:g} s"
    lasts = f"line {_median([one.bare.whole_s for one in played]):.2f} s"
    as_meant = sum(one.is_as_meant for one in played)
    return f"| {pace}; {lasts} | {len(played)}, {as_meant} as meant | " + " | ".join(cells) + " |"


def _cell(ratios: Sequence[float]) -> str:
    return f"{_median(ratios):.3f} / {float(np.percentile(np.array(ratios), 95)):.3f}"


def _median(values: Sequence[float]) -> float:
    return float(np.median(np.array(values)))


def _play(loaded: Trainer, setting: Setting, turns: int, runner: asyncio.Runner | None) -> list[Played]:
    played: list[Played] = []
    with _server(setting) as (url, served):
        trainer = _with_models(loaded, setting, url)
        talk, prospect = Talk(trainer), trainer.caller("prospect")
        assert prospect
        for persona, messages in scripts().items():
            session = trainer.start(persona, seed=1)
            # The first turn of a buyer connects and loads what the other turns find ready.
            for message in messages[: turns + 1]:
                if session.is_over:
                    break
                _forget(served)
                with noted() as asked:
                    if runner:
                        ours, feedback_s, session = runner.run(_by_page(talk, session, message))
                    else:
                        ours, feedback_s, session = _by_turn(trainer, session, message)
                calls = tuple(served.get(timeout=REST_S) for _ in session.turns[-1].calls)
                played.append(Played(ours, feedback_s, bare(prospect, asked[0]), calls, session.turns[-1]))
                served.get(timeout=REST_S)
            del played[-len(session.turns)]
    return played


async def _by_page(talk: Talk, session: Session, message: str) -> tuple[Pace, float, Session]:
    watch = Stopwatch()
    async for step in talk.send(session.id, message):
        if isinstance(step, Speaking) and step.spoken:
            watch.shows()
        elif isinstance(step, Finished):
            return *watch.ends(), step.session
    raise AssertionError("a turn that was sent is finished")


def _by_turn(trainer: Trainer, session: Session, message: str) -> tuple[Pace, float, Session]:
    watch = Stopwatch()
    for event in run_turn(trainer, session, message):
        if isinstance(event, Word):
            watch.shows()
        elif isinstance(event, Done):
            return *watch.ends(), event.session
    raise AssertionError("a turn ends with Done")


def _with_models(loaded: Trainer, setting: Setting, url: str) -> Trainer:
    """A trainer that shares what is loaded, with a model a role."""
    # Each role's own address, so that nothing that is set for a real server is asked.
    given: dict[str, Any] = {f"{role}_base_url": url for role in ROLES}
    given |= {f"{role}_model": f"openai:{role}" for role in ROLES}
    settings = loaded.settings.model_copy(update={"calls_at_once": setting.at_once, "spend_limit": None, **given})
    fresh = replace(loaded, settings=settings)
    vars(fresh).update({name: part for name, part in vars(loaded).items() if name not in (*vars(fresh), "callers")})
    return fresh


# --- the server ---


@contextmanager
def _server(setting: Setting) -> Generator[tuple[str, multiprocessing.Queue[Served]]]:
    """The server's address, and its calls as they end; in a process of its own, so that our work cannot slow it."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    served: multiprocessing.Queue[Served] = context.Queue()
    process = context.Process(target=_serve, args=(setting, there, served), daemon=True)
    process.start()
    try:
        yield here.recv(), served
    finally:
        here.send(None)
        process.join(REST_S)


def _serve(setting: Setting, pipe: Connection, served: multiprocessing.Queue[Served]) -> None:
    def answer(exchange: Exchange) -> None:
        began = time.perf_counter()
        role = str(exchange.request.body["model"])
        try:
            if role == "prospect":
                pieces = _tokens(line(exchange.request.last))
                _stream(exchange, pieces, began + setting.first_s, 1 / setting.rate)
            else:
                pieces = _tokens(json.dumps((note if role == "coach" else moves)(exchange.request.last)))
                rest = setting.aside_s - setting.first_s
                _stream(exchange, pieces, began + setting.first_s, rest / max(len(pieces) - 1, 1))
        finally:
            served.put(Served(role, began, time.perf_counter()))

    with Faulty(answer) as server:
        pipe.send(server.url)
        pipe.recv()


def _stream(exchange: Exchange, pieces: Sequence[str], first: float, every_s: float) -> None:
    for number, piece in enumerate(pieces):
        # By the clock and not by rests, so that the time a stretch takes to send does not add up.
        exchange.wait(max(first + number * every_s - time.perf_counter(), 0.0))
        exchange.word(piece)
    exchange.end()


def _tokens(text: str) -> list[str]:
    """Stretches as models send them: white space before its word, marks alone."""
    return re.findall(r"\s*(?:\w+|[^\w\s]+)", text)


def line(asked: str) -> str:
    """The drafted line in slightly other words."""
    draft = re.findall(r"«([^»]+)»", asked)[-1]
    parts = re.findall(r"\S.*?[.!?…]+(?=\s|$)|\S.*$", draft)
    return " ".join(
        f"{OPENERS[number % len(OPENERS)]} {_lowered(part)}" for number, part in enumerate(parts, len(draft))
    )


def _lowered(sentence: str) -> str:
    return sentence if re.match(r"I\b", sentence) else sentence[:1].lower() + sentence[1:]


def note(asked: str) -> dict[str, object]:
    """The coach's answer: the draft's quotes and passages, with words of its own."""
    landed, fix = re.findall(r"(?:landed|fix): (null\.|“.*?” .*? cites .*?\.)(?= fix:| rewrite:)", asked, re.DOTALL)
    return {"landed": _noted(landed, asked), "fix": _noted(fix, asked), "rewrite": REWRITE, "next_question": NEXT}


def _noted(drafted: str, asked: str) -> dict[str, object] | None:
    if drafted == "null.":
        return None
    quote = re.findall(r"“(.*?)” ", drafted, re.DOTALL)[0]
    known = re.findall(r"^- ([^\s:]+): ", asked.rpartition("Passages:")[2], re.MULTILINE)
    said = re.findall(r"The rep's last message: (.*)\nThe buyer's answer:", asked, re.DOTALL)[0]
    return {
        "quote": quote if quote in said else None,
        "what": "These words gave the buyer something to weigh, and the answer that followed shows what they did.",
        "cites": [one for one in re.findall(r"[\w-]+/\w+", drafted.rpartition(" cites ")[2]) if one in known][:3],
    }


def moves(asked: str) -> dict[str, object]:
    """The second reader's answer: a question is open, anything else an insight, in the message's own words."""
    text = asked.rpartition("The message: ")[2].strip()
    whole = [part.strip() for part in re.findall(r"[^.!?]+[.!?]", text)] or [text]
    return {
        "moves": [{"code": "open_question" if part.endswith("?") else "insight", "quote": part} for part in whole[-2:]]
    }


def _forget(served: multiprocessing.Queue[Served]) -> None:
    """Leave out a call that no turn counted."""
    while True:
        try:
            served.get(timeout=0.1)
        except queue.Empty:
            return


if __name__ == "__main__":
    main()
