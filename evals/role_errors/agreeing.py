"""Agreeing before the mind has come round, and leaving before the call is over."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.mind import Stance
from bot.persona import Persona
from bot.session import Turn
from evals.role_errors.fault import Kind, RoleError, pattern
from evals.role_errors.texts import remember, sentences

AGREEMENT = pattern(
    r"\b(?:let's|let us) (?:meet|do (?:it|that|this)|book|schedule|set (?:it|that|this|something|a|up)|go ahead|"
    r"arrange|"
    r"get (?:it|that|something|started|going)|put (?:it|that|something) in|make it|fix (?:a|it)|try it|start "
    r"(?:on|with "
    r"(?:the|a) (?:trial|pilot))|sign|say (?:<day>|two|ten|eleven|half))\b",
    r"\byou're on(?=[.!,]|$)",
    r"\b(?:you've got a deal|you have a deal|it's a deal|it's a date|we have a deal|count (?:me|us) in|sign "
    r"(?:me|us) up|"
    r"where do (?:I|we) sign|put (?:me|us) down for|book (?:me|us) in|pencil (?:me|us|you) in|I'm sold|I'm "
    r"convinced)\b",
    r"^(?:[\w' ]+, )?(?:I'm|we're) in(?=[.!,]|$)",
    r"\b(?:shall|should) we say (?:<day>|one|two|three|nine|ten|eleven|half)\b",
    r"^(?:(?:right|aye|yes|done|agreed|approved|go on|very well|all right|good|okay|ok|fine|sure|then|so|an "
    r"hour|one hour|"
    r"two hours|this|next)[,.:]? )*<day>(?=,| at | after | week\b)",
    r"\b(?:send|email|e-mail|mail|post|forward) (?:me|us|over|through|across) (?:(?:the|a|an|your|some|that|"
    r"over|what "
    r"you have|everything|more|any|along|with|of|on)\b\s*)*(?:\w+ ){0,2}?<papers>\b",
    r"\bsend (?:it|that|them|those) (?:over|across|through|to me|my way|to us)\b",
    r"\bsend (?:me|us) (?:what|everything|whatever) you\b",
    r"\b(?:on |this |next )?<day> (?:at \w+(?: \w+)? )?(?:works|suits|is (?:fine|good|best|free)|will do|would "
    r"(?:work|suit|"
    r"do)|it is|then)\b",
    r"\b(?:see|meet|expect) you (?:on |at |then|there|next )(?:<day>|\w+)?",
    r"(?:^|[.;!,] |\band |\bthen )(?:come|pop|drop) (?:by|in|over|round|down|up|and (?:see|show|"
    r"meet))\b[^.!?]*\b(?:<day>|o'clock|at (?:one|two|three|"
    r"nine|ten|eleven|noon|half))\b",
    r"\bI(?:'d| would)?(?: be)? (?:happily |gladly )?agree (?:to|that we should) (?:a|the|an|meet|that|it|this|"
    r"go|your)\b",
    r"\bI accept\b",
    r"\b(?:we|I)(?:'ll| will) (?:take|buy|order|sign|go with|have) (?:the (?:package|trial|demo|pilot|"
    r"offer|deal|contract|basic|full|top|middle)|your|up|with you)\b",
    r"\b(?:I|we)(?:'d| would) (?:like|love|be happy|be glad) (?:to (?:go ahead|meet|sign|book|schedule|set up|"
    r"take (?:it|you)|"
    r"buy (?:it|one)|try it)|(?:to (?:see|have|try) )?(?:a|that|the|your) (?:demo|trial|meeting|pilot|quote|"
    r"proposal))\b",
    r"\b(?:happy|glad|willing|ready|keen) to (?:meet|sign|book|go ahead|buy|take the meeting|set (?:up|"
    r"something)|give it "
    r"a (?:go|try)|do (?:that|it|the)|try (?:it|the)|commit|host you)\b",
    r"\b(?:I|we) (?:can|could) (?:do|manage|make|meet(?: you)?|fit you in|see you|give you (?:an hour|half an "
    r"hour|two "
    r"hours)) (?:on |next |this )?(?:<day>|then|at)\b",
    r"\b(?:when|what time) (?:can|could|do|shall|should) (?:you (?:come|start|install|visit|begin)|we (?:meet|start|"
    r"begin|sit down|do it))\b",
    r"\b(?:can|could|would) you (?:send|email|e-mail|forward|post) (?:me|us|over|it|that|through)\b",
    r"\b(?:put|get) (?:it|that|something|an hour|half an hour|a meeting|you) in (?:the|my|our) (?:diary|calendar)\b",
    r"\b(?:I'll|I will|we'll|we will) (?:meet you|see you|bring (?:\w+ ){1,3}(?:to the meeting|along)|clear "
    r"(?:the|my|an) "
    r"(?:diary|hour|afternoon|morning)|block out|set aside (?:an|two|half))\b",
    r"\byes,? (?:please )?(?:to )?(?:the|that|a) (?:meeting|demo|trial|pilot|visit|step|hour|session)\b",
    r"\b(?:go on|all right|okay|ok|right|fine|yes|sure)[,.]? (?:then[,.]? )?(?:an hour|two hours|one hour|half "
    r"an hour|"
    r"<day>)[,.]",
)
NOT_AGREED = pattern(
    r"\b(?:not|never|no(?! (?:trouble|problem|bother))|nobody|don't|won't|wouldn't|can't|couldn't|didn't|isn't|"
    r"doesn't|cannot|nor|neither|hardly|rather|"
    r"before|until|till|unless|if|suppose|when|whenever|why|every|each|always|used to|once|last|instead|without|"
    r"nothing)\b"
)


def early_agreement(own: str, turn: Turn, persona: Persona) -> Iterator[RoleError]:
    """A yes to the rep's step in a turn whose mind has not agreed to one."""
    if turn.stance == Stance.AGREED_NEXT_STEP:
        return
    for sentence in sentences(own):
        if _agrees(sentence):
            yield RoleError(Kind.EARLY_AGREEMENT, sentence)
    spoken = set(sentences(turn.prospect))
    for yes in persona.agrees_to.yes:
        if yes in turn.prospect or spoken & {s for s in sentences(yes) if len(s.split()) > 4}:
            yield RoleError(Kind.EARLY_AGREEMENT, yes)


@remember
def _agrees(sentence: str) -> bool:
    # "If it's free, count me in" is a joke or a condition; so is all that comes after a denial.
    return any(not NOT_AGREED.search(sentence[: match.end()]) for match in AGREEMENT.finditer(sentence))


ENDING = pattern(
    r"(?:^|[.!?…,;] |\bso |\bsay |\band |\bthen )(?:good ?bye|bye(?: for now|[- ]bye)?|cheerio|ta-?ra|good day|"
    r"good night|namaste|"
    r"farewell)(?: (?:now|then|to you|and good luck))?\s*(?=[.!,…]|$)",
    r"\b(?:I'm|I am|I'll|I will|we'll|I'm going to|I shall)(?: just| now)?(?: be)? (?:hang(?:ing)? up|"
    r"put(?:ting)? (?:the|this) "
    r"phone down|ring(?:ing)? off|end(?:ing)? (?:this|the) (?:call|conversation)|let(?:ting)? you go)\b",
    r"\b(?:I've|I have)(?: really)? (?:got )?to (?:go|run|dash|be off|get (?:on|going|off|back))(?: now| to a "
    r"\w+)?\s*[.!,]",
    r"\bI (?:really )?(?:must|need to|should) (?:go|run|dash|be off|be going|get off the phone)(?: now)?\s*[.!,]",
    r"\b(?:I'm|we're) (?:done|finished|through)(?: here| with this| talking| with you)?\s*[.!]",
    r"\bthis (?:call|conversation)(?: is|'s) (?:over|finished|done)\b",
    r"\b(?:I'm|I am) (?:going|off|leaving|away) now\b",
    r"(?:^|[,;] )(?:I'm (?:off|gone|away|ending this)|must go)(?=[.!,]|$)",
    r"\bI (?:now )?(?:put the phone down|put down the (?:phone|receiver)|hang up)(?: now)?(?=[.!,]|$)",
    r"\b(?:I'm|I am) (?:putting (?:down )?the (?:phone|receiver)|disconnecting|simply disconnecting)\b",
    r"\b(?:take|strike|remove|delete) (?:out |off )?(?:me|(?:my|our|this|the) (?:number|extension))(?: (?:off|"
    r"from) your list)?\b",
    r"\bI(?:'ll| really must| must) (?:leave you to it|get on|let you get on|take myself off)\b",
    r"\bwe(?:'re| are)? (?:done|finished?)(?: here)?(?=[.!,]|$)|\bwe finish here\b",
    r"\b(?:have|enjoy) (?:a|the rest of your|your) (?:good|nice|lovely|great|pleasant|day|week|evening|weekend)\b",
    r"(?:^|[.!?…,;] )(?:take care|talk soon|speak soon|all the best|so long|cheers,? bye|look after "
    r"yourself)\s*[.!,]",
    r"\b(?:let's|we'll|I'll) (?:call it a day|leave it (?:there|at that)(?! for)|stop (?:it )?(?:there|here)|"
    r"end (?:it|this) "
    r"(?:here|there))\b",
    r"\b(?:don't|please don't|do not|you needn't) (?:call|ring|phone) (?:me |us |here |this number )?(?:again|"
    r"back|any ?more)\b",
    r"\bI won't keep you\b|\bI'll (?:say|wish you) good(?:bye| day)\b",
    r"\bthe call (?:ends|is over|ended)\b|\*?(?:hangs up|click)\*?\.?$",
)
NOT_ENDING = pattern(
    r"\b(?:if|unless|or|before|when|whenever|one more|almost|nearly|every time|could|would|might|not|never|"
    r"until|till|"
    r"after|why don't|once|last|he|she|they|used to)\b"
)
GREETING = re.compile(r"(?:good (?:day|evening|night)|namaste)\b", re.IGNORECASE)


def premature_ending(own: str, turn: Turn, persona: Persona) -> Iterator[RoleError]:
    """A farewell, or the file's own last words, in a turn after which the call goes on."""
    if turn.stance in (Stance.ENDED_CALL, Stance.AGREED_NEXT_STEP):
        return
    endings = (said for name, says in persona.lines.items() if name.startswith("end_") for said in says)
    for ending in dict.fromkeys(endings):
        if ending in turn.prospect:
            yield RoleError(Kind.PREMATURE_ENDING, ending)
    parts = sentences(own)
    for number, sentence in enumerate(parts, 1):
        # "Good day" opens a call as well as it closes one.
        if number == 1 < len(parts) and GREETING.match(sentence):
            continue
        if _ends(sentence):
            yield RoleError(Kind.PREMATURE_ENDING, sentence)


@remember
def _ends(sentence: str) -> bool:
    for match in ENDING.finditer(sentence):
        before = NOT_ENDING.search(sentence[: match.start() + 1])
        threat = re.search(r"\b(?:if|unless|when)\b", sentence[match.end() :])
        if not before and not threat:
            return True
    return False
