"""The reader: a rep's message in, its moves with exact quotes and calibrated confidence out; local, one pass."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.assessor import screen
from bot.assessor.quotes import SENTENCE_END, minimal_quote
from bot.assessor.reading import Move, Reading
from bot.errors import Failure
from bot.moves import ADVANCING, ASKING, COSTLY, MEANINGLESS, Code, OtherKind
from bot.words import is_question

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Scores = NDArray[np.float64]
MAX_TOKENS = 192
MAX_PROSPECT_TOKENS = 48
MOST_MOVES = 6
LONG_PITCH_WORDS = 60
WINDOW_WORDS = 35
SHORT_WORDS = 24
# A rebuttal is none without the line that it argues with; every other move that costs is heard in the words alone, and
# so is a picture, which costs where it comes too early.
HEARD_ALONE = (COSTLY - {Code.REBUTTAL}) | {Code.VISION}
# The bars suit messages as they come; a question in the middle of a call that is nothing else is seldom small talk.
ASKED_WORDS, ASKED_FROM, MAY_BE_ASKED_FROM, SURELY_CHAT = 20, 0.22, 0.1, 0.8

INSULT = re.compile(
    r"\b(?:idiots?|morons?|imbeciles?|stupid|dumb|thick|useless|worthless|pathetic|clowns?|arrogant|incompetent|ignorant"
    r"|fools?|losers?|liars?|scum|trash|bastards?|bitch|arse\w*|ass(?:hole)?s?|fuck\w*|shit\w*|crap\w*|piss\w*"
    r"|shut up|screw you|go to hell|drop dead|get lost|a nobody|bloody (?:mess|fool|joke|disgrace)|a disgrace"
    r"|wast(?:e|ing) (?:of )?(?:my|our|everyone's) time|hate you|sick of you)\b",
    re.IGNORECASE,
)


class Origin(BaseModel):
    """One training whose weights went into the mean."""

    model_config = ConfigDict(frozen=True)

    version: str
    trained_on: int


class Card(BaseModel):
    """What the trained file is and how its scores become confidences; stands beside it as `reader.json`."""

    model_config = ConfigDict(frozen=True)

    base: str
    codes: tuple[Code, ...]
    kinds: tuple[OtherKind, ...]
    platt: tuple[tuple[float, float], ...]
    thresholds: tuple[float, ...]
    trained_on: int
    seed: int
    version: str
    mean_of: tuple[Origin, ...]


def default_folder() -> Path:
    """Where the trained reader that ships with the package lies."""
    return Path(str(files("bot.assessor").joinpath("model")))


@dataclass(frozen=True)
class Window:
    """A stretch of a message that was read in one pass, and what came of it."""

    text: str
    start: int
    codes: Scores
    kinds: Scores
    tokens: Scores
    offsets: Sequence[tuple[int, int]]


def split_windows(text: str) -> list[tuple[int, int]]:
    """Spans of whole sentences of about forty words; a message of up to sixty words is one span.

    The messages learned from are mostly short, and a long speech read at once blurs.
    """
    if len(text.split()) <= LONG_PITCH_WORDS:
        return [(0, len(text))]
    spans: list[tuple[int, int]] = []
    start = 0
    for match in SENTENCE_END.finditer(text):
        if len(text[start : match.end()].split()) >= WINDOW_WORDS:
            spans.append((start, match.end()))
            start = match.end()
    if text[start:].strip():
        short = len(text[start:].split()) < WINDOW_WORDS / 2
        if short and spans:
            spans[-1] = (spans[-1][0], len(text))
        else:
            spans.append((start, len(text)))
    return spans


class Reader:
    """The trained reader; safe to share by threads. Raises Failure where its files are missing or broken."""

    def __init__(self, tokenizer_file: Path, folder: Path | None = None) -> None:
        self._folder = folder or default_folder()
        self._tokenizer_file = tokenizer_file
        try:
            self.card = Card.model_validate(json.loads((self._folder / "reader.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError) as error:
            raise Failure(
                f"the reader's card {self._folder / 'reader.json'} cannot be read; reinstall inertia"
            ) from error

    @cached_property
    def _alone(self) -> NDArray[np.bool_]:
        return np.array([code in HEARD_ALONE for code in self.card.codes])

    @cached_property
    def _asking(self) -> NDArray[np.bool_]:
        return np.array([code in ASKING for code in self.card.codes])

    @cached_property
    def _bars(self) -> Scores:
        return np.array(self.card.thresholds)

    @cached_property
    def _session(self) -> InferenceSession:
        import onnxruntime

        options = cast(Any, onnxruntime).SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(
            str(self._folder / "reader.onnx"), options, providers=["CPUExecutionProvider"]
        )

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._tokenizer_file))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    def read(self, text: str, prospect: str | None, *, pasted_from: screen.Shingles = frozenset()) -> Reading:
        """The moves of one message, given what the prospect said just before it; specificity is left at 0."""
        refused = screen.refuse(text, pasted_from)
        if refused:
            return self._unread(*refused)
        windows = [self._window(text[a:b], a, prospect) for a, b in split_windows(text)]
        scores = np.max([window.codes for window in windows], axis=0)
        kinds = np.mean([window.kinds for window in windows], axis=0)
        moves = self._moves(text, scores, windows, self._bars)
        doubt = float(max((s for s, bar in zip(scores, self.card.thresholds, strict=True) if s < bar), default=0.0))
        is_asked = bool(prospect) and is_question(text) and len(text.split()) <= ASKED_WORDS
        if is_asked and not moves:
            doubt = min(doubt, self._chat_allows(text))
            moves = self._moves(text, scores, windows, self._bars_for_a_question(scores)) if doubt >= ASKED_FROM else []
        sounds_abusive = float(kinds[self.card.kinds.index(OtherKind.ABUSE)])
        # Charm and insult are built alike ("you people are …"): it takes the sound of one and a word of one.
        if sounds_abusive >= (0.6 if moves else 0.4) and INSULT.search(text):
            return self._other(OtherKind.ABUSE)
        kind = None if moves else self.card.kinds[int(np.argmax(kinds))]
        # Nothing is called meaningless that may well be a move, or that the reader is not sure of.
        likely = doubt > (MAY_BE_ASKED_FROM if is_asked else 0.3)
        if kind in MEANINGLESS and (float(np.max(kinds)) < 0.6 or likely):
            kind = OtherKind.OFFTOPIC
        return Reading(
            moves=tuple(moves),
            specificity=0.0,
            talk_share=0.0,
            kind=kind,
            unread=None,
            doubt=round(doubt, 4),
            reader=self.card.version,
        )

    def _chat_allows(self, text: str) -> float:
        """The most that the line before may make of a question: chat by its own words is not made a move by that."""
        codes, kinds, _, _ = self._score(text, None)
        chat = sum(float(kinds[self.card.kinds.index(kind)]) for kind in (OtherKind.GREETING, OtherKind.OFFTOPIC))
        return float(codes[self._asking].max()) if chat >= SURELY_CHAT else 1.0

    def _bars_for_a_question(self, scores: Scores) -> Scores:
        likeliest = int(np.argmax(np.where(self._asking, scores, 0)))
        return np.where(np.arange(len(scores)) == likeliest, ASKED_FROM, np.inf)

    def likelihood(self, text: str, prospect: str | None) -> dict[Code, float]:
        """How likely the reader holds each code of a message, said or not; calibrated, 0 to 1."""
        windows = [self._window(text[a:b], a, prospect) for a, b in split_windows(text)]
        scores = np.max([window.codes for window in windows], axis=0)
        return {code: float(score) for code, score in zip(self.card.codes, scores, strict=True)}

    def _other(self, kind: OtherKind) -> Reading:
        return Reading(moves=(), specificity=0.0, talk_share=0.0, kind=kind, unread=None, reader=self.card.version)

    def _unread(self, kind: OtherKind | None, why: str) -> Reading:
        return Reading(moves=(), specificity=0.0, talk_share=0.0, kind=kind, unread=why, reader=self.card.version)

    def _score(self, text: str, prospect: str | None) -> tuple[Scores, Scores, Scores, list[tuple[int, int]]]:
        before = self._tokenizer.encode(prospect or "", add_special_tokens=False).ids[-MAX_PROSPECT_TOKENS:]
        message = self._tokenizer.encode(text, add_special_tokens=False)
        head = [101, *before, 102]
        room = MAX_TOKENS - len(head) - 1
        ids, offsets = [*head, *message.ids[:room], 102], message.offsets[:room]
        inside = [0] * len(head) + [1] * len(offsets) + [0]
        types = [0] * len(head) + [1] * (len(offsets) + 1)
        feed = {"ids": ids, "types": types, "mask": [1] * len(ids), "inside": inside}
        rows = cast(Any, self._session).run(
            ["message", "tokens"], {k: np.array([v], dtype=np.int64) for k, v in feed.items()}
        )
        whole = np.asarray(rows[0], dtype=np.float64)[0]
        codes = len(self.card.codes)
        platt = np.array(self.card.platt)
        confidence = 1 / (1 + np.exp(-(whole[:codes] * platt[:, 0] + platt[:, 1])))
        kinds = np.exp(whole[codes:] - whole[codes:].max())
        tokens = 1 / (1 + np.exp(-np.asarray(rows[1], dtype=np.float64)[0][len(head) : len(head) + len(offsets)]))
        return confidence, kinds / kinds.sum(), tokens, offsets

    def _window(self, text: str, start: int, prospect: str | None) -> Window:
        codes, kinds, tokens, offsets = self._score(text, prospect)
        costs = bool((codes >= self._bars)[self._alone].any())
        if prospect and (costs or len(text.split()) <= SHORT_WORDS):
            # A few words drown in the line before them, and a line that bristles makes the next one sound worse: what
            # costs is heard without it as well, and so are abuse and nonsense, which are that whatever was said before.
            alone, alone_kinds, _, _ = self._score(text, None)
            codes = np.where(self._alone, _between(codes, alone), codes)
            kinds = (kinds + alone_kinds) / 2
        return Window(text, start, codes, kinds, tokens, offsets)

    def _moves(self, text: str, confidence: Scores, windows: Sequence[Window], bars: Scores) -> list[Move]:
        found: list[Move] = []
        for column, code in enumerate(self.card.codes):
            sure = float(confidence[column])
            if sure < bars[column]:
                continue
            best = max(windows, key=lambda window: float(window.codes[column]))
            start, end = minimal_quote(best.text, best.tokens[:, column], best.offsets)
            quote = best.text[start:end]
            found.append(Move(code=code, quote=quote, start=best.start + start, confidence=round(sure, 4)))
        found = sorted(_before_the_pitch(text, found), key=lambda move: -move.confidence)[:MOST_MOVES]
        return sorted(found, key=lambda move: move.start)


def _between(one: Scores, other: Scores) -> Scores:
    """The mean of two confidences in log odds."""
    odds = [np.log(np.clip(p, 1e-4, 1 - 1e-4) / (1 - np.clip(p, 1e-4, 1 - 1e-4))) for p in (one, other)]
    return 1 / (1 + np.exp(-(odds[0] + odds[1]) / 2))


def _before_the_pitch(text: str, moves: list[Move]) -> list[Move]:
    """In a long pitch, the question or the offer it ends in is part of the pitch; what stood before it counts."""
    pitch = next((m for m in moves if m.code == Code.PITCH and m.confidence >= 0.7), None)
    if pitch is None or len(text.split()) < LONG_PITCH_WORDS:
        return moves
    return [m for m in moves if m.code not in ADVANCING or m.start < pitch.start]


def specificity(reading: Reading, *, touched: int, figures: int, echoes: bool, names: int, relevance: float) -> float:
    """How much of a message is about this buyer and checkable, 0 to 1: 1 - exp(-evidence).

    Each item of the brief touched weighs 0.8, a figure 0.25, words of the buyer's 0.5, a name of theirs 0.3, nearness
    to anything on their file up to 0.7; a message with no move that could be specific has none.
    """
    if not any(move.code in ADVANCING for move in reading.moves):
        return 0.0 if not touched else round(1 - math.exp(-0.4 * touched), 3)
    near = max(0.0, min(1.0, (relevance - 0.35) / 0.3))
    evidence = 0.8 * min(touched, 3) + 0.25 * min(figures, 2) + 0.5 * echoes + 0.3 * min(names, 2) + 0.7 * near
    return round(1 - math.exp(-evidence), 3)
