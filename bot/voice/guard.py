"""The guard: reads what a model says as the prospect, and cuts what this prospect would not or could not say now."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.contract import Run
from bot.figures import numbers_in
from bot.voice.telltales import AGREED, HARMLESS_NAMES, LABEL, LEFT, MADE_BY_MACHINE, NARRATED, OWN_BUSINESS, SOLD
from bot.words import STOP, runs_of, words_of

Kind = Literal[
    "role reversal", "narration", "speaks for the rep", "leak", "not earned", "not on file", "agrees too soon",
    "repeats", "runs on", "asks unbidden", "echoes the rep", "beside the plan", "takes leave",
]  # fmt: skip
RUN, MEANING = 5, 3
ECHO_RUN, ECHO_MEANING = 7, 3
TOLD = (
    "says|said|replies|replied|sighs|pauses|looks|nods|leans|shrugs|laughs|answers|asks|is|hesitates|mutters|snorts|"
    "grunts|takes a|chuckles|smiles|frowns|glances|clears|shakes|thinks"
)
SMALL = 2
NEAR_THE_DRAFT, FAR_FROM_THE_DRAFT = 0.6, 0.35
# A word or two of one's own is what makes a line warm; a long one that the plan knows nothing of is made up.
SHORT_WORDS = 6
REPEATED = 0.9
REACTION_WORDS, ON_THE_MATTER = 14, 0.3
ECHOED_WORDS, AS_DRAFTED = 3, 0.75
ALL_BUT_WHOLLY = 0.8
TAG = re.compile(
    r",\s*(?:no|eh|right|so|is it|isn't it|does it|doesn't it|do you|don't you|are you|aren't you|have you|haven't you|"
    r"did you|didn't you|am I|will you|would you)\s*\?\W*$",
    re.IGNORECASE,
)
LEAST_LONGEST, LONGEST_SHARE = 34, 1.7


@dataclass(frozen=True)
class Ground:
    """What a line may rest on now.

    `draft` is what it has to carry; `known` all that this buyer may refer to, with the draft, the call and the brief;
    `prompt` the instructions; `hidden` runs of words not earned yet; `said` the sentences they have said before;
    `agrees` and `ends` say whether the mind has.
    """

    draft: str
    rep: str
    known: str
    prompt: str
    hidden: frozenset[Run]
    said: tuple[str, ...]
    first_name: str
    agrees: bool
    ends: bool


@dataclass(frozen=True)
class Cut:
    """A sentence that was cut, and for what."""

    kind: Kind
    text: str


Alike = Callable[[str, Sequence[str]], float]
Reads = Callable[[str], Collection[str]]
# Moves that only somebody who sells would make.
SELLING = frozenset({"pitch", "generic_claim", "pressure", "next_step", "flattery"})


class Guard:
    """Judges a line sentence by sentence; made for one line. `alike` is nearness in meaning, `reads` the moves read."""

    def __init__(self, ground: Ground, alike: Alike, reads: Reads) -> None:
        self._ground, self._alike, self._reads = ground, alike, reads
        known = ground.known + " " + ground.draft
        self._numbers = numbers_in(known)
        self._names = {word.lower() for word in re.findall(r"[^\W\d_][\w'’-]*", known)}
        self._names |= {_bare(name) for name in self._names}
        allowed = runs_of(known, RUN, MEANING)
        self._instructions = runs_of(ground.prompt, RUN, MEANING) - allowed
        self._hidden = ground.hidden - allowed
        self._rep = runs_of(ground.rep, ECHO_RUN, ECHO_MEANING) - runs_of(ground.draft, ECHO_RUN, ECHO_MEANING)
        self._draft_words = set(words_of(ground.draft))
        self._questions = ground.draft.count("?")
        self._may_leave = ground.ends or any(LEFT.search(one) for one in self._sentences())
        self.longest = max(LEAST_LONGEST, int(LONGEST_SHARE * len(ground.draft.split())))

    def early(self, beginning: str) -> Cut | None:
        """What can be told from the beginning of a sentence, before it is whole."""
        beginning = beginning.replace("’", "'")
        telltales: tuple[tuple[Kind, re.Pattern[str]], ...] = (
            ("speaks for the rep", LABEL),
            ("narration", NARRATED),
            ("leak", MADE_BY_MACHINE),
            ("role reversal", SOLD),
        )
        for kind, pattern in telltales:
            found = pattern.search(beginning)
            if found and not self._is_drafted(found.group(0)):
                return Cut(kind, beginning)
        if self._is_labelled(beginning):
            return Cut("narration", beginning)
        if self._calls_themselves(beginning):
            return Cut("role reversal", beginning)
        if not self._ground.agrees and (found := AGREED.search(beginning)) and not self._is_drafted(found.group(0)):
            return Cut("agrees too soon", beginning)
        runs = runs_of(beginning, RUN, MEANING)
        if runs & self._hidden:
            return Cut("not earned", beginning)
        return Cut("leak", beginning) if runs & self._instructions else None

    def whole(self, sentence: str, before: Sequence[str]) -> Cut | None:
        """The judgement on a whole sentence; `before` holds those of this line that were kept."""
        early = self.early(sentence)
        if early:
            return early
        if LEFT.search(sentence) and not self._may_leave:
            return Cut("takes leave", sentence)
        if runs_of(sentence, ECHO_RUN, ECHO_MEANING) & self._rep or self._is_echo(sentence):
            return Cut("echoes the rep", sentence)
        if not self._is_known(sentence):
            return Cut("not on file", sentence)
        if self._asks_unbidden(sentence, before):
            return Cut("asks unbidden", sentence)
        if self._is_repeated(sentence, before):
            return Cut("repeats", sentence)
        if sum(len(s.split()) for s in before) + len(sentence.split()) > self.longest:
            return Cut("runs on", sentence)
        return self._by_meaning(sentence)

    def _asks_unbidden(self, sentence: str, before: Sequence[str]) -> bool:
        """Whether it asks for something that the plan does not ask for."""
        if not sentence.rstrip().endswith("?") or sum(s.rstrip().endswith("?") for s in before) < self._questions:
            return False
        if len(sentence.split()) <= ECHOED_WORDS or TAG.search(sentence):
            # Words of the other's given back with a question mark, and "…, is it?", ask for nothing.
            return False
        return self._alike(sentence, (self._ground.draft, *self._sentences())) < AS_DRAFTED

    def _by_meaning(self, sentence: str) -> Cut | None:
        if len(sentence.split()) < 4:
            return None
        nearness = self._alike(sentence, (self._ground.draft, *self._sentences()))
        if nearness >= NEAR_THE_DRAFT:
            return None
        if nearness < FAR_FROM_THE_DRAFT and len(sentence.split()) > SHORT_WORDS and not self._is_reaction(sentence):
            return Cut("beside the plan", sentence)
        moves = set(self._reads(sentence))
        if "next_step" in moves and not self._ground.agrees:
            return Cut("agrees too soon", sentence)
        # Figures of one's own read like a claim; only what is far from the plan, and has none of its figures, is one.
        is_own = nearness >= 0.5 or bool(_large(sentence) & _large(self._ground.draft))
        selling = SELLING - {"next_step"} - ({"generic_claim"} if is_own else set())
        return Cut("role reversal", sentence) if moves & selling else None

    def _is_echo(self, sentence: str) -> bool:
        """Whether a statement has next to nothing but the rep's own words."""
        if sentence.rstrip().endswith("?") or len(sentence.split()) < ECHO_RUN:
            return False
        mine = set(words_of(sentence)) - STOP - self._draft_words
        return bool(mine) and len(mine & set(words_of(self._ground.rep))) >= ALL_BUT_WHOLLY * len(mine)

    def _is_reaction(self, sentence: str) -> bool:
        """Whether it answers what was just said: not long, and on a word or the matter of it."""
        if len(sentence.split()) > REACTION_WORDS:
            return False
        shared = (set(words_of(sentence)) & set(words_of(self._ground.rep))) - STOP
        return bool(shared) or self._alike(sentence, (self._ground.rep, *sentences(self._ground.rep))) >= ON_THE_MATTER

    def _sentences(self) -> list[str]:
        return sentences(self._ground.draft)

    def _is_drafted(self, words: str) -> bool:
        said = words_of(words)
        if " ".join(said) in " ".join(words_of(self._ground.draft)):
            return True
        content = set(said) - STOP
        return bool(content) and OWN_BUSINESS.fullmatch(words) is not None and content <= self._draft_words

    def _is_labelled(self, beginning: str) -> bool:
        """Whether their own name stands before the words, or is told of in the third person."""
        name = re.escape(self._ground.first_name)
        return bool(
            re.match(rf"\W*{name}[^.?!,]{{0,30}}:", beginning)
            or re.search(rf"(?i:\b{name})(?: [A-Z][\w-]+)? (?i:{TOLD})\b", beginning)
        )

    def _calls_themselves(self, beginning: str) -> bool:
        """Whether their own name is said as one says it to somebody else."""
        name = re.escape(self._ground.first_name)
        called = re.search(rf",\s+{name}\s*[,.!?]|^\W*{name},\s", beginning)
        return called is not None and not self._is_drafted(called.group(0))

    def _is_known(self, sentence: str) -> bool:
        """Whether every figure and every name in it is one that may be said."""
        if _large(sentence) - self._numbers:
            return False
        names = [name.lower() for name in re.findall(r"(?<=[\w,;’'] )([A-Z][\w'’-]+)", sentence)]
        known = self._names | HARMLESS_NAMES
        return all(name.replace("’", "'") in known or _bare(name) in known for name in names)

    def _is_repeated(self, sentence: str, before: Sequence[str]) -> bool:
        if len(sentence.split()) < 4:
            return False
        mine = _fours(sentence)
        for earlier in (*self._ground.said, *before):
            theirs = _fours(earlier)
            if mine and len(mine & theirs) >= 0.6 * len(mine):
                return True
        return bool(before) and self._alike(sentence, tuple(before)) >= REPEATED


def _large(text: str) -> set[float]:
    return {number for number in numbers_in(text) if number > SMALL}


def _bare(name: str) -> str:
    return re.sub(r"['’]s$", "", name)


def sentences(text: str) -> list[str]:
    """The sentences of a text, white space trimmed; the point of a figure ends none."""
    return [s.strip() for s in re.findall(r"(?:[^.!?…]|\.(?=\d))+[.!?…]*[\"”’)]*", text) if re.search(r"\w", s)]


def _fours(text: str) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[i : i + 4]) for i in range(len(words) - 3)}


def not_said(piece: str, spoken: str, alike: Alike) -> list[str]:
    """The sentences of a piece that the spoken words do not hold, word for word or nearly."""
    said, words = sentences(spoken), " ".join(words_of(spoken))
    return [
        one
        for one in sentences(piece)
        if " ".join(words_of(one)) not in words and (not said or alike(one, said) < SAID_ALREADY)
    ]


def missing(pieces: Sequence[str], spoken: str, alike: Alike, loose: Collection[str] = ()) -> list[str]:
    """The pieces that the spoken words do not carry, in order; of the `loose` ones, reactions, the sense is enough."""
    if not spoken.strip():
        return list(pieces)
    said = sentences(spoken)
    heard, numbers = set(words_of(spoken)) - STOP, numbers_in(spoken)
    left: list[str] = []
    for piece in pieces:
        wanted = set(words_of(piece)) - STOP
        shared = len(wanted & heard) / max(len(wanted), 1)
        lost = _large(piece) - numbers
        nearest = max(said, key=lambda one: alike(piece, (one,)))
        # A no has to stay one somewhere, and what is said plainly must not come out as a no.
        other = spoken if NEGATED.search(piece) else nearest
        is_turned = len(sentences(piece)) == 1 and bool(NEGATED.search(piece)) != bool(NEGATED.search(other))
        words, meaning = LOOSELY if piece in loose else (CARRIED_WORDS, CARRIED_MEANING)
        if lost or is_turned or (shared < words and alike(piece, (spoken, *said)) < meaning):
            left.append(piece)
    return left


NEGATED = re.compile(r"\b(?:not|no|never|nobody|nothing|none|won't)\b|n't\b|n’t\b", re.IGNORECASE)
CARRIED_WORDS, CARRIED_MEANING, SAID_ALREADY = 0.6, 0.7, 0.85
LOOSELY = (0.33, 0.33)
