"""How a simulated rep hears the buyer: general cues of its own, and a stretch of what was said to give back."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass


def _cue(*phrases: str) -> re.Pattern[str]:
    """A pattern for any of the phrases, each at the bounds of words."""
    return re.compile("|".join(rf"\b(?:{phrase})(?!\w)" for phrase in phrases), re.I)


# Said to the rep: the buyer wants less of this, or none of it.
REFUSES = _cue(
    r"not interested|no,? thank\w*|not today|no time|(?:i'm|i am|we're|we are) (?:very |rather |a bit )?busy",
    r"(?:do not|don't) (?:need|want) (?:you|it|any|this|that|your|another)|not (?:for|with) (?:me|us)",
    r"stop (?:it|that|there|right)|drop it|that's enough|enough of|goodbye|hang(?:ing)? up|ring(?:ing)? off",
    r"take me off|sales (?:pitch|talk|call|patter)|brochures?|selling|sell me|pitch(?:es|ing)?|script",
    r"salesm[ae]n|cold call\w*|(?:already|just) (?:said|told)|told you|none of your|not (?:going to )?discuss\w*",
    r"you lot|don't tell me|don't push|push(?:ed|ing)? me|pushy|lectur\w+|nonsense|rubbish",
    r"leave it (?:there|at that)|wasting (?:my|our)|send (?:me |us )?(?:an? )?e-?mail",
    r"i (?:have to|must|need to|should|ought to) (?:get on|go|run|dash)|says who|not true|you're wrong",
)
COURTESY = _cue(r"thank\w*|sorry|cheers|excuse|please|bye|hello|good (?:morning|afternoon|evening|day)")
# Comfortable where they are.
CONTENT = _cue(
    r"(?:we're|we are|i'm|i am|it's|it is|that's|all|everything's?|is) (?:quite |perfectly |just |doing |very )?"
    r"(?:fine|happy|good|grand|well)",
    r"(?:it|that|which) works|no complaints?|no (?:problem|trouble|issue)s?|not broken|not looking",
    r"done it (?:this|that) way|always (?:has|have|did|done|been|worked)|as (?:it is|we are|they are)",
)
# Cost or worry, in whatever coin.
COSTS = _cue(
    r"worr(?:y|ies|ied|ying)|afraid|scare[sd]?|frighten\w*|uneasy|bother(?:s|ed)?|dread\w*|asham\w*|embarrass\w*",
    r"cost(?:s|ing)? (?:me|us|them|him|her|a|the|more|too|every)|what (?:it|this|that)(?:'s| is)? cost(?:s|ing)?",
    r"(?:we|i|i've|we've|we're|it) (?:have |has |had |been )?(?:lost|lose|losing|paid|paying)|waste[sd]?",
    r"(?:can't|cannot|can not|won't|couldn't) (?:go on|keep|afford|carry on|stay|have that)|hurts?",
    r"keeps? me|lie awake|sleep badly|(?:sick|tired) of",
    r"fed up|wrong with|gets? worse|getting worse|out of (?:our|my) own|our own money|that'?s? (?:is )?a lot",
    r"(?:thousand|hundred|million|lakh|grand).{0,30} (?:year|month|week|night|day)|before long|another (?:year|one)",
    r"lost|threw|thrown|binned|ran out|written off|w(?:ent|ould go) wrong|paid twice|pay(?:ing)? (?:for it|twice)",
    r"if (?:it|this|that|nothing|we|i) (?:stays?|carry|carries|goes on|keeps?|changes?|do nothing)",
)
# An admission: not counted, not known, not thought of till now.
ADMITS = _cue(
    r"never (?:counted|looked|asked|added|worked|thought|checked|measured|put|been|sat|set|seen|had|told|done)",
    r"(?:nobody|no one|none of us)(?:'s| has| have| here)? ?(?:ever )?"
    r"(?:counted|looked|asked|added|worked|checked|measured|knows?|told|does|sat|put)",
    r"had(?:n't| not) (?:thought|looked|seen|put|asked|counted)",
    r"have(?:n't| not) (?:thought|looked|counted|asked|told|added|checked|worked)",
    r"(?:i|we) (?:don't|do not|couldn't|could not) (?:know|tell you|say)|no idea",
    r"i(?:'d| would) have to (?:ask|look|check|admit)|i(?:'ll| will) (?:give|grant) you|i admit|i suppose",
    r"put (?:like|that) (?:that|way)|to be honest|if i'm honest|honestly|between (?:you and me|ourselves|us)",
    r"i wonder(?:ed)?|come to think|now you (?:say|mention|ask|put)|strange|odd|funny (?:thing|you)",
    r"you're not wrong|you(?:'ve| have)?(?: got)? a point|fair (?:point|question)",
)
# Somebody else who would know or be touched: a role, or a name in the middle of a sentence.
ROLE = _cue(
    r"my (?:wife|husband|partner|boss|daughter|son|sister|brother|team|finance|manager|deputy|staff)",
    r"planner|accountant|receptionist|hygienist|technicians?|foreman|chair|board|owners?|director|nurses?",
    r"operators?|drivers?",
)
NAME = re.compile(r"(?<=[a-z,] )(?!I\b)[A-Z][a-z]+\b")
NO_PERSON = frozenset(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August "
    "September October November December Christmas Easter".split()
)
AGREES = _cue(
    r"(?<![^.!?]\s)(?:yes|yeah|yep|aye|all right|alright|okay|ok|agreed|done|go on then|fine by me|sure|very well)",
    r"i(?:'m| am) in|count me in|we(?:'ll| can| could) do (?:that|it)|i(?:'d| would) (?:do|want|like) that",
)
INVITES = _cue(
    r"what (?:happens |comes |do we do )?(?:next|now|then)|(?:and|so) now|(?:where|how)\b.{0,30} (?:start|begin|first)",
    r"what (?:do|would|are) you suggest\w*|what(?:'s| is| would be) (?:your suggestion|the first|the smallest)",
    r"how (?:do|would|should) (?:we|one|you) (?:go about|find out|look|check|count)|could (?:it|that|this) be done",
    r"what (?:do|would) you (?:do|need|want from|look at|propose)|what (?:does one|do we|should we|would we) do",
    r"if not now|open to (?:a|an|it)|what (?:would|does) (?:it|that|this) (?:take|involve)",
    r"what(?:'s| is) (?:involved|step one)|what(?:'s| is| comes| goes| (?:would|should) be) (?:the )?(?:very )?first",
    r"the (?:smallest|gentlest|simplest) (?:start|way|bit|beginning|thing|step)|(?:when|what)(?:'s| is) the soonest",
    r"how (?:small|soon|quickly|many (?:hours|days|weeks))|(?:can|could) (?:it|this|that|we) be (?:done|tried|kept)",
    r"(?:who|whom|which of \w+)\b.{0,12}(?:would|should|must|has|have|needs?|'d)\b.{0,25} (?:there|in it|room|need)",
    r"what (?:should|must|do) i (?:have ready|prepare|bring|pull out|hold)",
    r"(?:can't|cannot|can not) (?:stay|stop|leave|let|go on|carry on) (?:it|this|that|so|like|as)",
    r"(?:have|has|needs?|ought) to (?:do something|change|be (?:looked|done|sorted|checked))",
    r"had better (?:find|know|look|see|start)|(?:needs|wants) (?:looking|doing|sorting|checking)",
    r"something (?:small|has to change)|a small (?:test|start|look|trial)|time (?:i|we) (?:faced|looked|did|knew)",
    r"i(?:'d| would) (?:sooner|rather) (?:know|face|fix|act|do)|(?:left|waited) (?:it |this )?long enough",
    r"(?:enough|done with|past) (?:looking away|leaving|arguing|waiting|defending)",
)
# A question about the rep: who, what for, how much, from where.
OF_US = _cue(
    r"who (?:are|is|were) (?:you|this|that|calling|speaking)|who(?:'s| is) (?:this|that|calling)",
    r"what (?:do|are|is it|did|would) you (?:want|sell|offer|do|after|get|call|charge|really|actually)",
    r"what are you (?:after|selling|offering|on about|driving)|how much|and you are|do i know you",
    r"what (?:does|would|will|is) (?:it|that|this|all this|yours?|the|in it)|what(?:'s|'ll) (?:it|that|this|in it|the)",
    r"why (?:are|should|would|do|did|me|us)|what(?:'s| is) (?:the catch|your)|where are you (?:from|calling)",
    r"what (?:company|firm)|what(?:'s| is) (?:this|it) (?:all )?about|what can (?:i|we) do",
)

QUOTED = re.compile(r"[\"“][^\"“”]*[\"”]")
SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")
JOINT = re.compile(
    r"[,;:()\"“”–—]+|\s-\s|\s(?=(?:but|because|so|which|though|although|when|while|until|unless)\s)", re.I
)
INNER = re.compile(r"\s(?=(?:and|or|if|that|who|where|since|as|before|after|with|for|from)\s)", re.I)
LEAD = re.compile(
    r"^(?:(?:and|but|so|well|oh|yes|no|now|look|mind you|because|which|though|although|then|or)\s+)+", re.I
)
TAIL = re.compile(
    r"(?:\s+(?:an?|the|of|to|and|or|in|on|at|for|with|by|from|that|this|these|those|every|each|such|so|very|no|not|my|our"
    r"|your|his|her|its|their|i|we|you|he|she|it|they|is|was|are|were|be|has|have|had|will|would|can|could|do|does|as|than"
    r"|what|which|who|where|when|if|because|but|one|two|three))+$",
    re.I,
)
MOST_WORDS, FEWEST_WORDS = 8, 3


@dataclass(frozen=True)
class Heard:
    """What a rep makes of the buyer's line."""

    line: str
    refuses: bool
    is_content: bool
    is_short: bool
    asks: bool
    asks_of_us: bool
    costs: bool
    admits: bool
    names: bool
    agrees: bool
    invites: bool

    @property
    def pushes_back(self) -> bool:
        """Whether the buyer refused, was curt or said that all is well."""
        return self.refuses or self.is_content or self.is_short

    @property
    def is_account(self) -> bool:
        """Whether the buyer gave a real answer: more than a sentence's worth, and no refusal."""
        return len(self.line.split()) >= 20 and not self.refuses and not self.is_content

    @property
    def opens_up(self) -> bool:
        """Whether the buyer let something out."""
        return (self.costs or self.admits) and not self.refuses


def hear(line: str) -> Heard:
    """Hear a line of the buyer's."""
    line = _plain(line)
    sentences = _sentences(line)
    questions = " ".join(one for one in sentences if one.endswith("?"))
    agrees = bool(AGREES.search(line))
    return Heard(
        line=line,
        refuses=bool(REFUSES.search(line)),
        is_content=bool(CONTENT.search(line)),
        is_short=len(line.split()) <= 4 and not questions and not agrees,
        asks=bool(sentences) and sentences[-1].endswith("?"),
        asks_of_us=bool(OF_US.search(questions)),
        costs=bool(COSTS.search(line)),
        admits=bool(ADMITS.search(line)),
        names=bool(ROLE.search(line)) or any(name not in NO_PERSON for name in NAME.findall(line)),
        agrees=agrees,
        invites=bool(INVITES.search(line)) and not REFUSES.search(line),
    )


def stretch(line: str, given_back: Collection[str] = ()) -> str | None:
    """Three to eight words of the line, from one clause; what tells most about them, and nothing given back before.

    What stands in quotation marks is not theirs: mostly it is the rep's own words said back.
    """
    found: list[tuple[int, str]] = []
    for sentence in _sentences(QUOTED.sub(" ", _plain(line))):
        if not sentence.endswith("?"):
            found += [(_weight(clause), clause) for clause in _clauses(sentence) if clause not in given_back]
    best = max(found, key=lambda one: one[0], default=(0, ""))
    return best[1] if best[0] > 0 else None


def _plain(line: str) -> str:
    return " ".join(line.replace("’", "'").replace("{", "").replace("}", "").split())


def _sentences(line: str) -> list[str]:
    return [one.strip() for one in SENTENCE.findall(line) if one.strip()]


def _clauses(sentence: str) -> list[str]:
    clauses: list[str] = []
    for part in JOINT.split(sentence.rstrip(".!?… ")):
        clauses += [part] if len(part.split()) <= MOST_WORDS else INNER.split(part)
    return [short for clause in clauses if (short := _cut(clause))]


def _cut(clause: str) -> str | None:
    """The clause without its first small words, cut to eight; None where less than three words are left."""
    words = LEAD.sub("", clause.strip(" '")).split()
    if len(words) > MOST_WORDS:
        words = TAIL.sub("", " ".join(words[:MOST_WORDS])).split()
    return " ".join(words) if len(words) >= FEWEST_WORDS else None


def _weight(clause: str) -> int:
    """How much it is worth giving back: cost and worry first, then what is admitted; a refusal or a courtesy never."""
    if REFUSES.search(clause) or COURTESY.search(clause):
        return 0
    told = 20 * bool(COSTS.search(clause)) + 10 * bool(ADMITS.search(clause))
    return told + len(clause.split())
