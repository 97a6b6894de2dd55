"""What a rep's message touches in this buyer's world: figures, people, subjects, words said before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bot.figures import (
    NOT_ABOUT_NOW,
    Contradiction,
    contradictions_in,
    figures_in,
    is_year,
    numbers_in,
    same,
    shown,
    value_of,
)
from bot.ground import Ground
from bot.persona import Persona, Trigger
from bot.words import STOP, is_question, words_of
from knowledge.encoder import Encoder, Vectors

TOO_LONG_CHARACTERS = 1600
# "Why is that?" may be asked again.
SHORTEST_REPEAT = 6
FISHING = 0.8
SENTENCE = re.compile(r"[^.!?…\n]+(?:[.!?…]+|\n|$)")
PROMISE = re.compile(
    r"\b(?:I'll|I will|we'll|we will|I can|let me)\s+(?:send|bring|call|ring|check|find out|dig out|get you|drop|write|"
    r"e-?mail|come back)\b[^.?!;\n]{0,60}",
    re.IGNORECASE,
)
ABOUT_YOU = re.compile(r"\byou(?:r|rs|'ve|'re|'d)?\b", re.IGNORECASE)
# A capital in the middle of a sentence, of a word that is no shout.
NAMED = re.compile(r"(?<=[a-z,;’'] )([A-Z][a-z]{2,}(?:'[a-z]+)?)")
CALENDAR = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december christmas easter english british irish american european sundays mondays fridays
    saturdays thursdays wednesdays tuesdays
    """.split()
)
SMALL_FIGURE = 12
POINTING = frozenset(("that", "this", "it", "those", "these", "them"))
LEANING = POINTING | {"they", "she", "he", "her", "him", "then", "else", "nobody"}
LONGEST_LEANING, MOST_OF_ITS_OWN = 10, 3


@dataclass(frozen=True)
class Match:
    """An item of the persona's file that the message touches, and how nearly (cosine, 0 to 1)."""

    group: str
    id: str
    score: float


@dataclass(frozen=True)
class Heard:
    """One message, held against the buyer's file and the call so far.

    `strange` are the names and figures of somebody else's place, where the message touches nothing of this one;
    `brief_numbers` are those of the public facts that it touches. `leans` says that it asks on about what the buyer
    has just said, without naming it.
    """

    text: str
    matches: tuple[Match, ...] = ()
    figures: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    touched_brief: tuple[str, ...] = ()
    brief_numbers: frozenset[float] = frozenset()
    contradictions: tuple[Contradiction, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    quoted_back: str | None = None
    promise: str | None = None
    fishing: str | None = None
    is_question: bool = False
    is_repeat: bool = False
    is_silence: bool = False
    is_too_long: bool = False
    is_apology: bool = False
    is_farewell: bool = False
    goes_on: bool = False
    leans: bool = False
    strange: tuple[str, ...] = ()
    relevance: float = 0.0
    top_of_mind: frozenset[str] = frozenset()
    vector: Vectors = field(default_factory=lambda: np.zeros(384, dtype=np.float32))

    def best(self, *groups: str) -> Match | None:
        """The nearest item among the named groups."""
        found = [match for match in self.matches if match.group in groups]
        return max(found, key=lambda match: match.score, default=None)

    def score(self, item: str) -> float:
        """How near the message is to an item, 0 where it is not near at all."""
        return max((match.score for match in self.matches if match.id == item), default=0.0)


def hear(
    text: str,
    persona: Persona,
    ground: Ground,
    encoder: Encoder,
    rep_vectors: Vectors,
    prospect_lines: Sequence[str],
    known: Known,
) -> Heard:
    """Hold a message against the buyer's file; `rep_vectors` has a row for each earlier rep line."""
    clean = text.strip()
    if not re.search(r"\w", clean):
        return Heard(text=text, is_silence=True)
    short = clean[:TOO_LONG_CHARACTERS]
    spans = _spans(short)
    sentences = [short[start:end].strip() for start, end in spans]
    whole, parts = encoder.encode_parts(short, spans)
    own = matches = _matches(sentences, parts, ground)
    leaning = [n for n, sentence in enumerate(sentences) if prospect_lines and _leans(sentence)]
    if leaning:
        # Half of what such a question is about stands in the buyer's line.
        theirs = encoder.encode([f"{prospect_lines[-1]} {sentences[n]}" for n in leaning])
        asked = parts.copy()
        asked[leaning] = (parts[leaning] + theirs) / 2
        matches = _matches(sentences, asked, ground)
    figures = figures_in(short)
    touched = _touched(short, persona, matches, figures)
    quoted_back = _quoted_back(short, prospect_lines)
    is_here = bool(touched or quoted_back) or bool(set(words_of(short)) & known.names)
    return Heard(
        text=text,
        matches=matches,
        figures=tuple(shown(match) for match in figures if not is_year(match)),
        people=tuple(dict.fromkeys(ground.names[w] for w in words_of(short) if w in ground.names)),
        touched_brief=touched,
        brief_numbers=frozenset(n for item in persona.brief if item.id in touched for n in numbers_in(item.text)),
        contradictions=contradictions_in(short, persona, figures),
        triggers=tuple(t for t in persona.triggers if _score(matches, "trigger", t.id) >= 0.62),
        quoted_back=quoted_back,
        strange=() if is_here else _strange(short, sentences, known),
        promise=_promise(short),
        fishing=_fishing(sentences, parts, ground),
        is_question=any(is_question(s) for s in sentences),
        is_repeat=len(clean.split()) >= SHORTEST_REPEAT and _is_repeat(whole, rep_vectors),
        is_too_long=len(clean) > TOO_LONG_CHARACTERS,
        is_apology=APOLOGY.search(short) is not None,
        is_farewell=FAREWELL.search(short) is not None,
        goes_on=GOES_ON.fullmatch(short) is not None,
        leans=bool(leaning),
        # What the buyer said is no homework of the rep's.
        relevance=max((match.score for match in own), default=0.0),
        top_of_mind=frozenset(need.id for need in persona.needs.said),
        vector=whole,
    )


@dataclass(frozen=True)
class Known:
    """All that stands in a buyer's file and scenario: words in small letters, the names among them, numbers."""

    words: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[float]


def known_of(persona: Persona, texts: Sequence[str]) -> Known:
    """What of a buyer may be named; `texts` are those of the scenario."""
    whole = " ".join((persona.model_dump_json(), *texts))
    names = [persona.name, persona.company, *(one.name for one in persona.stakeholders)]
    own = {word for name in names for word in words_of(name)} - STOP
    return Known(frozenset(words_of(whole)), frozenset(word for word in own if len(word) > 2), numbers_in(whole))


def _strange(text: str, sentences: Sequence[str], known: Known) -> tuple[str, ...]:
    """Names that stand nowhere on file, and figures said of this buyer that do not either."""
    # Who is ringing, and for whom, is nobody's place.
    text = OWN_NAME.sub(" ", text)
    names = [n for n in NAMED.findall(text) if not set(words_of(n)) & known.words and n.lower() not in CALENDAR]
    found = list(dict.fromkeys(names))
    for sentence in sentences:
        if ABOUT_YOU.search(sentence) and not NOT_ABOUT_NOW.search(sentence):
            said = [m for m in figures_in(sentence) if not is_year(m) and value_of(m) > SMALL_FIGURE]
            found += [shown(m) for m in said if round(value_of(m), 4) not in known.numbers]
    return tuple(found)


OWN_NAME = re.compile(
    r"\b(?:this is|my name(?:'s| is)|I(?:'m| am)|it(?:'s| is)) (?:[A-Z][\w'’-]+ ?){1,3}"
    r"(?:,? ?(?:from|at|of|with) (?:[A-Z][\w'’-]+ ?){1,3})?"
)


def _spans(text: str) -> list[tuple[int, int]]:
    """Where the sentences stand; a short question after "that" is about the sentence before it and starts there."""
    found = [m.span() for m in SENTENCE.finditer(text) if re.search(r"\w", m.group(0))]
    spans = [
        (found[n - 1][0], end) if n and _points_back(text[start:end]) else (start, end)
        for n, (start, end) in enumerate(found)
    ]
    return spans[:8] or [(0, len(text))]


def _points_back(sentence: str) -> bool:
    words = words_of(sentence)
    return bool(set(words) & POINTING) and len(words) <= 9 and len(set(words) - STOP - POINTING) <= 2


def _leans(sentence: str) -> bool:
    """Whether a question says little itself and points at what was said before it."""
    if not is_question(sentence):
        return False
    words = words_of(sentence)
    points = any(word.split("'")[0] in LEANING for word in words)
    return points and len(words) <= LONGEST_LEANING and len(set(words) - STOP - LEANING) <= MOST_OF_ITS_OWN


def _matches(sentences: Sequence[str], vectors: Vectors, ground: Ground) -> tuple[Match, ...]:
    scores = ground.vectors @ vectors.T
    best: dict[tuple[str, str], float] = {}
    for row, ref in enumerate(ground.refs):
        for column, sentence in enumerate(sentences):
            score = float(scores[row, column])
            if ref[0] == "fact" and not is_question(sentence):
                score *= 0.8
            if score > best.get(ref, 0.3):
                best[ref] = score
    ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Match(group, name, round(score, 4)) for (group, name), score in ranked[:40])


def _fishing(sentences: Sequence[str], vectors: Vectors, ground: Ground) -> str | None:
    """The sentence that asks for a need in a shape everybody has heard, nearer to that than to anything on file."""
    groups = np.array([group for group, _ in ground.refs])
    scores = ground.vectors @ vectors.T
    fishing = scores[groups == "fishing"].max(axis=0)
    about = scores[(groups == "fact") | (groups == "consequence")].max(axis=0)
    sure = [(float(f), s) for s, f, a in zip(sentences, fishing, about, strict=True) if f >= FISHING and f > a + 0.1]
    return max(sure, default=(0.0, None))[1]


def _score(matches: Sequence[Match], group: str, name: str) -> float:
    return max((m.score for m in matches if m.group == group and m.id == name), default=0.0)


def _touched(
    text: str, persona: Persona, matches: Sequence[Match], figures: Sequence[re.Match[str]]
) -> tuple[str, ...]:
    said = set(words_of(text)) - STOP
    touched: list[str] = []
    for item in persona.brief:
        nearness = _score(matches, "brief", item.id)
        shared = len(said & (set(words_of(item.text)) - STOP))
        has_figure = any(same(f.value, value_of(m)) and value_of(m) > 2 for f in item.figures for m in figures)
        if nearness >= 0.55 or (has_figure and (shared >= 2 or nearness >= 0.35)) or (shared >= 3 and nearness >= 0.4):
            touched.append(item.id)
    return tuple(touched)


def _quoted_back(text: str, prospect_lines: Sequence[str]) -> str | None:
    words = words_of(text)
    best: list[str] = []
    for line in prospect_lines:
        theirs = words_of(line)
        spots: dict[str, list[int]] = {}
        for at, word in enumerate(theirs):
            spots.setdefault(word, []).append(at)
        for start, word in enumerate(words):
            for at in spots.get(word, ()):
                length = 0
                while (
                    start + length < len(words)
                    and at + length < len(theirs)
                    and words[start + length] == theirs[at + length]
                ):
                    length += 1
                if length > len(best) and sum(w not in STOP for w in words[start : start + length]) >= 2:
                    best = words[start : start + length]
    return " ".join(best[:8]) if len(best) >= 2 else None


APOLOGY = re.compile(
    r"\b(?:I apologi[sz]e|my apologies|apologies for|"
    r"I(?:'m| am|’m) (?:really |very |so )?sorry(?! to hear|, (?:but|who|what))|"
    r"(?:^|(?<=[.!?…] ))sorry,? (?:for|about|if|my|bad|wrong|that (?:was|came)|I (?:did|got|went|came|pushed|should|"
    r"shouldn['’]t|didn['’]t|haven['’]t))\b|"
    r"that was (?:my fault|wrong of me|too (?:fast|soon|much|pushy))|I(?:'ll| will|’ll)? take (?:it|that) back|"
    r"I should(?:n['’]t have|(?: have|['’]ve) (?:read|asked|done|looked|listened|started|prepared))|"
    r"I (?:pushed|got ahead|went too fast)\b)",
    re.IGNORECASE,
)

# Nothing but leave to go on.
GO_ON = (
    r"(?:(?:and|so|but|well|then|please|do|now) )*(?:mm+(?:[- ]?hm+)?|m?hm+|uh[- ]?huh|ah+|oh+|go (?:on|ahead)|"
    r"carry on|right|i see|ok(?:ay)?|yes|yeah|yep|aye|really|sure|please do|i(?:['’]m| am) listening|understood|"
    r"got (?:it|you)|fair enough|makes sense|interesting|of course|(?:that(?:['’]s)? )?(?:clear|noted))"
    r"(?: (?:then|so|now|please))?"
)
GOES_ON = re.compile(rf"\W*{GO_ON}(?:[\s,.!?…–-]+{GO_ON})*\W*", re.IGNORECASE)
SOON = r"(?:talk|speak) (?:to you )?(?:soon|later)"
FAREWELL = re.compile(
    rf"\b(?:good-?bye|bye(?:[- ]bye)?|so long|cheerio|{SOON}|"
    r"have a (?:good|nice|great|lovely) (?:day|one|evening|afternoon|morning|weekend|week)|"
    r"I(?:['’]ll| will) (?:let you (?:go|get (?:on|back))|leave you (?:to it|be|alone|in peace)|be off|ring off)|"
    r"thank(?:s| you) for your time)(?!\w)",
    re.IGNORECASE,
)
HOW_ARE_YOU = re.compile(
    r"\b(?:how(?:['’]s| is| are|['’]re)|you (?:well|all right|keeping|good)|how do you do)\b", re.IGNORECASE
)


def _promise(text: str) -> str | None:
    found = PROMISE.search(text)
    return found.group(0).strip() if found else None


def _is_repeat(vector: Vectors, earlier: Vectors) -> bool:
    return bool(len(earlier)) and float(np.max(earlier @ vector)) >= 0.93
