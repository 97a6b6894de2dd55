"""Finding words: a line for the moment, in this buyer's own way, never one that was said before."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from bot.memory import Memory
from bot.persona import SLOT, Occasion, Persona
from bot.words import STOP, words_of

Talk = Literal["sustain", "change", "neutral"]
Choice = TypeVar("Choice")
DefaultLines = dict[str, dict[Occasion, tuple[str, ...]]]

INSTEAD: dict[Occasion, tuple[Occasion, ...]] = {
    Occasion.ECHO_FIGURE: (Occasion.HALF_ADMIT,),
    Occasion.ECHO_WORDS: (Occasion.HALF_ADMIT,),
    Occasion.HALF_ADMIT: (Occasion.SHRINK, Occasion.TAKE_IN),
    Occasion.TAKE_IN: (Occasion.THINK, Occasion.HALF_ADMIT),
    Occasion.THINK: (Occasion.TAKE_IN, Occasion.HALF_ADMIT),
    Occasion.CONFIRM: (Occasion.TAKE_IN, Occasion.THINK),
    Occasion.CORRECT: (Occasion.SHRINK, Occasion.DEFLECT),
    Occasion.SHRINK: (Occasion.DEFLECT, Occasion.CHANGE_SUBJECT),
    Occasion.DEFLECT: (Occasion.CHANGE_SUBJECT, Occasion.SHRINK, Occasion.DELEGATE),
    Occasion.DELEGATE: (Occasion.DEFLECT, Occasion.REFUSE),
    Occasion.CHANGE_SUBJECT: (Occasion.SHRINK, Occasion.DEFLECT),
    Occasion.ASK_WHO: (Occasion.DEFLECT, Occasion.REFUSE),
    Occasion.REFUSE: (Occasion.DEFLECT, Occasion.CHANGE_SUBJECT),
    Occasion.DONT_KNOW: (Occasion.WONT_SAY, Occasion.DEFLECT),
    Occasion.WONT_SAY: (Occasion.DONT_KNOW, Occasion.DEFLECT),
    Occasion.TOLD_YOU: (Occasion.HEARD_BEFORE, Occasion.DEFLECT),
    Occasion.FLATTERED: (Occasion.SMALL_TALK, Occasion.GREET),
    Occasion.SMALL_TALK: (Occasion.GREET, Occasion.FLATTERED),
    Occasion.GREET: (Occasion.SMALL_TALK, Occasion.GO_AHEAD),
    Occasion.GO_AHEAD: (Occasion.GREET, Occasion.HALF_ADMIT),
    Occasion.OBJECT_PITCH: (Occasion.REFUSE, Occasion.LOSING_PATIENCE, Occasion.DEFLECT),
    Occasion.OBJECT_CLAIM: (Occasion.OBJECT_PITCH, Occasion.REFUSE, Occasion.LOSING_PATIENCE),
    Occasion.OBJECT_PRESSURE: (Occasion.REFUSE, Occasion.LOSING_PATIENCE),
    Occasion.OBJECT_TELLING: (Occasion.OBJECT_REBUTTAL, Occasion.REFUSE, Occasion.LOSING_PATIENCE),
    Occasion.OBJECT_REBUTTAL: (Occasion.OBJECT_TELLING, Occasion.REFUSE, Occasion.LOSING_PATIENCE),
    Occasion.OBJECT_VISION: (Occasion.SHRINK, Occasion.DEFLECT),
    Occasion.OBJECT_STEP: (Occasion.REFUSE, Occasion.DEFLECT),
    Occasion.FISHING: (Occasion.DEFLECT, Occasion.DONT_KNOW),
    Occasion.VAGUE: (Occasion.DONT_KNOW, Occasion.LOSING_PATIENCE),
    Occasion.KEYWORDS: (Occasion.VAGUE, Occasion.GIBBERISH, Occasion.LOSING_PATIENCE),
    Occasion.GIBBERISH: (Occasion.VAGUE, Occasion.KEYWORDS, Occasion.LOSING_PATIENCE),
    Occasion.INJECTION: (Occasion.VAGUE, Occasion.LOSING_PATIENCE),
    Occasion.FOREIGN: (Occasion.GIBBERISH, Occasion.LOSING_PATIENCE),
    Occasion.SILENCE: (Occasion.LOSING_PATIENCE,),
    Occasion.WELCOME_PITCH: (Occasion.TAKE_IN, Occasion.THINK),
    Occasion.WELCOME_VISION: (Occasion.TAKE_IN, Occasion.THINK),
    Occasion.HEARD_BEFORE: (Occasion.TOLD_YOU, Occasion.DEFLECT),
    Occasion.BUYING_EARLY: (Occasion.DEFLECT, Occasion.WONT_SAY),
    Occasion.QUOTED_BACK: (Occasion.CONFIRM,),
    Occasion.PERSON_NAMED: (Occasion.ECHO_WORDS, Occasion.HALF_ADMIT),
    Occasion.CONTRADICTED: (Occasion.CORRECT,),
    Occasion.STAY_PUT: (Occasion.SHRINK, Occasion.DEFLECT),
    Occasion.BRUSH_OFF: (Occasion.REFUSE, Occasion.LOSING_PATIENCE),
    Occasion.KEEP_CLOSE: (Occasion.DEFLECT,),
    Occasion.WONDER: (Occasion.HALF_ADMIT, Occasion.TAKE_IN),
    Occasion.UNEASY: (Occasion.THINK, Occasion.TAKE_IN),
    Occasion.READY: (Occasion.UNEASY, Occasion.THINK),
}


@dataclass(frozen=True)
class Piece:
    """One utterance of a line: its words, the template it came from, the talk it is, and where it stands."""

    text: str
    template: str
    talk: Talk
    source: str


HELLO = re.compile(r"(?:\w+,? )?(?:hello|hi|hiya|good (?:day|morning|afternoon|evening))\b", re.IGNORECASE)


class Speaker:
    """Picks lines for one turn; what it has picked it does not pick again.

    `nearness` has the cosine of the rep's message with lines of the buyer's file: one of the nearer half is said.
    """

    def __init__(
        self,
        persona: Persona,
        defaults: DefaultLines,
        memory: Memory,
        rng: random.Random,
        nearness: Mapping[str, float] | None = None,
    ) -> None:
        self.persona = persona
        self._defaults = defaults
        self._used = set(memory.used)
        self._has_begun = memory.turns > 0
        self._rng = rng
        self._nearness = nearness or {}

    def at(self, occasion: Occasion, talk: Talk, **slots: str | None) -> Piece | None:
        """A line for the occasion, or for the next best one; None when every one has been said."""
        filled = {name: value for name, value in slots.items() if value}
        for moment in (occasion, *INSTEAD.get(occasion, ())):
            own = self.persona.lines.get(moment, ())
            others = self._defaults[self.persona.voice.manner].get(moment, ())
            for lines in (own, others):
                # Thanks and apologies in the middle of a call are not answered with another hello.
                fitting = [line for line in lines if not (self._has_begun and HELLO.match(line))]
                piece = self.pick(fitting, talk, f"lines.{moment}", filled)
                if piece:
                    return piece
        return None

    def pick(
        self,
        lines: Sequence[str],
        talk: Talk,
        source: str,
        slots: dict[str, str] | None = None,
        *,
        ordered: bool = False,
    ) -> Piece | None:
        """One of the lines not said yet, those that use a filled slot first; `ordered` takes the first in the file."""
        filled = slots or {}
        free = [line for line in lines if set(SLOT.findall(line)) <= set(filled) and not self._was_said(line, filled)]
        slotted = [line for line in free if SLOT.search(line)]
        free = slotted if slotted and self._rng.random() < 0.75 else free
        if not free:
            return None
        line = free[0] if ordered else self._rng.choice(self._nearer(free))
        piece = Piece(fill(line, filled), line, talk, source)
        self._used |= marks(piece)
        return piece

    def _nearer(self, lines: list[str]) -> list[str]:
        if any(line not in self._nearness for line in lines):
            return lines
        ranked = sorted(lines, key=lambda line: -self._nearness[line])
        return ranked[: (len(ranked) + 1) // 2]

    def _was_said(self, line: str, filled: dict[str, str]) -> bool:
        """Whether the line, or a sentence that its slots would make, has been said in this call."""
        return line in self._used or bool(sentences(fill(line, filled)) & self._used)

    def chance(self, odds: float) -> bool:
        """A seeded toss."""
        return self._rng.random() < odds

    def one_of(self, options: Sequence[Choice]) -> Choice:
        """A seeded choice."""
        return self._rng.choice(list(options))


def marks(piece: Piece) -> frozenset[str]:
    """What a piece uses up: its line, and the sentences it came out as."""
    return frozenset({piece.template}) | sentences(piece.text)


def sentences(text: str) -> frozenset[str]:
    """The sentences of a text that have a form of their own: four words and more."""
    return frozenset(s.strip() for s in re.split(r"(?<=[.!?…])\s+", text) if len(s.split()) > 3)


def fill(line: str, slots: dict[str, str]) -> str:
    """Put the slots' values into a line, once: braces inside a value stay what they are."""
    text = SLOT.sub(lambda match: slots[match.group(1)], line)
    return text[:1].upper() + text[1:]


EDGE = frozenset(
    """
    a an and are as at be but by for from had has have i if in is it its of on or our so than that the their them
    then these this those to was we were what when which who will with you your would could can up over about into
    """.split()
)
CLAUSE = re.compile(r"[.!?;:,–—\n]\s|[.!?;:]$|\s(?=(?:and|but|so|which|because|when|if)\s)")
LEADING = frozenset(("and", "but", "so", "because", "that", "then", "if", "when", "which"))
JOINED = re.compile(r"^(?:and|but|so|because)\s+(?=\S+ \S+ )", re.IGNORECASE)
NAMING = frozenset("the a an my our your their his her its this these those we i you they he she it no every".split())
FIGURE = re.compile(r"(?:(?:up to|over|about|around|nearly|only|just)\s+)?[£$€]?\d")


def short_words(quote: str, most: int = 8) -> str | None:
    """A stretch of a quote short enough to be said back, its figure if it has one; None where nothing whole is left."""
    clauses = [re.sub(r"[\"“”{}<>]", "", part).split() for part in CLAUSE.split(quote)]
    clauses = [words for words in clauses if words]
    if not clauses:
        return None
    clause = max(clauses, key=lambda words: _worth_saying(words, most))
    if len(clause) > most:
        clause = _from_its_figure(clause, most) or _end_of(clause, most)
    while len(clause) > 3 and clause[0].lower() in LEADING:
        clause = clause[1:]
    found = " ".join(clause).strip(" '’-,.")
    return found if len(found.split()) > 1 and re.search(r"\w", found) else None


def _worth_saying(words: list[str], most: int) -> tuple[bool, bool, int, int]:
    """A clause with a figure goes first, then one that is whole and says something, then what says most."""
    says = sum(word not in STOP for word in words_of(" ".join(words)))
    return any(re.search(r"\d", word) for word in words), len(words) <= most and says >= 2, min(says, 4), len(words)


def _from_its_figure(words: list[str], most: int) -> list[str]:
    """From the figure on, where a long clause has one."""
    figure = FIGURE.search(" ".join(words))
    cut = " ".join(words)[figure.start() :].split()[:most] if figure else []
    while len(cut) > 2 and cut[-1].lower().strip("'’") in EDGE:
        cut.pop()
    return cut


def _end_of(words: list[str], most: int) -> list[str]:
    """What a long clause ends in, from where somebody or something is named: its point is at its end."""
    end = words[-most:]
    starts = [n for n, word in enumerate(end) if re.split(r"['’]", word.lower())[0] in NAMING and len(end) - n >= 3]
    return end[starts[0] :] if starts else []


def clause_of(line: str, most: int = 14) -> str | None:
    """An exact stretch of a line, a whole clause where one fits in `most` words; statements before questions."""
    sentences = re.findall(r"[^.!?…]+[.!?…]*", line)
    parts = [(part.strip(), s.rstrip().endswith("?")) for s in sentences for part in (s, *re.split(r"[,;:–—]\s", s))]
    clean = [(JOINED.sub("", re.sub(r"[.!?…,;:]+$", "", part).strip()), asks) for part, asks in parts]
    fits = [(part, asks) for part, asks in clean if 3 <= len(part.split()) <= most and not re.search(r"[\"“”]", part)]
    if not fits:
        return None
    return max(fits, key=lambda pair: (not pair[1], min(len(pair[0].split()), 10)))[0]
