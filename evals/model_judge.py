"""A model as the judge of the buyer's words: stance and talk off a line alone, by the guide of `LABELLING.md`."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from pydantic import BaseModel

from bot.caller import Caller
from bot.calling import RESTS_AT_ONCE, Message, Trouble
from bot.session import Call
from evals.judge import Heard
from evals.lines import STANCES
from prompts.templates import as_data, load

log = logging.getLogger(__name__)

# So many lines in a row that were not read, and the model is asked no more.
MOST_IN_A_ROW = 20


class Seen(BaseModel):
    """What the model says that a line shows; the reason comes first, so that the labels follow from it."""

    reason: str
    stance: Literal["dismissive", "guarded", "curious", "concerned", "ready"]
    talk: Literal["sustain", "neutral", "change"]


class ModelJudge:
    """Reads stance and talk off buyers' lines, each on its own, several at once."""

    # A model that is left alone for so long at most is waited for; longer, and it is given up.
    patience_s = 60.0

    def __init__(self, caller: Caller, at_once: int) -> None:
        self._caller, self._at_once = caller, at_once
        self._in_a_row = 0
        self._lock = threading.Lock()
        self._is_over = threading.Event()

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"the model {self._caller.model.label}"

    def hear_all(self, lines: Sequence[str]) -> list[Heard | None]:
        """What each line shows; None where the model gave nothing that holds, or was given up before."""
        apart = list(dict.fromkeys(lines))
        # One alone first: it finds out which shape of answer the server knows.
        found = [self._hear(line) for line in apart[:1]]
        with ThreadPoolExecutor(self._at_once) as pool:
            found += pool.map(self._hear, apart[1:])
        heard = dict(zip(apart, found, strict=True))
        return [heard[line] for line in lines]

    def _hear(self, line: str) -> Heard | None:
        if self._is_over.is_set():
            return None
        try:
            seen = self._asked(messages(line))
        except Trouble as trouble:
            self._note(trouble)
            return None
        self._note(None)
        return Heard(seen.stance, seen.talk, float(STANCES.index(seen.stance)))

    def _asked(self, asked: Sequence[Message]) -> Seen:
        while True:
            try:
                calls: list[Call] = []
                return self._caller.ask(asked, Seen, calls, lambda seen: None)
            except Trouble as trouble:
                rest = trouble.retry_after_s if trouble.kind == "resting" else None
                if rest is None or rest > self.patience_s or self._is_over.is_set():
                    raise
                time.sleep(rest)

    def _note(self, trouble: Trouble | None) -> None:
        with self._lock:
            self._in_a_row = self._in_a_row + 1 if trouble else 0
            if trouble is None or self._is_over.is_set():
                return
            if trouble.kind in RESTS_AT_ONCE | {"resting"} or self._in_a_row >= MOST_IN_A_ROW:
                self._is_over.set()
                log.error("%s judges no more, the lines that are left are unscored: %s", self.name, trouble)


def messages(line: str) -> list[Message]:
    """The call for a line, which stands in it as data."""
    prompt = load("judge")
    return [("system", prompt.fill_stable()), ("user", prompt.fill_moment(line=as_data(line)))]
