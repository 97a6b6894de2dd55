"""A reading held against the buyer's file: what is checkable, what is not, what was no fishing after all."""

from __future__ import annotations

import re

from bot.assessor.reader import specificity
from bot.assessor.reading import Move, Reading
from bot.figures import numbers_in
from bot.heard import Heard
from bot.moves import ADVANCING, MEANINGLESS, Code

SURE = 0.9
DOUBTFUL = 0.8
ABOUT = 0.5
ABOUT_NOTHING = 0.3
PLAIN = 0.8


def weigh(reading: Reading, heard: Heard) -> Reading:
    """The reading with its specificity, and with moves that the buyer's file speaks against put right."""
    weighed = (_weigh_one(move, heard) for move in reading.moves)
    weighed = (_without_a_way_out(move, reading) for move in weighed if move is not None)
    moves = _with_fishing(tuple(move for move in weighed if move is not None), heard)
    # What is said to the machine, or says nothing, asks the buyer for nothing.
    moves = moves if reading.kind in MEANINGLESS else _with_asked(moves, heard)
    share = specificity(
        reading.model_copy(update={"moves": moves}),
        touched=len(heard.touched_brief),
        figures=len(heard.figures),
        echoes=heard.quoted_back is not None,
        names=len(heard.people),
        relevance=heard.relevance,
    )
    # However concrete it is, what is true of another place is not about this one.
    return reading.model_copy(update={"moves": moves, "specificity": 0.0 if heard.strange else share})


def _weigh_one(move: Move, heard: Heard) -> Move | None:
    if move.code == Code.PAIN_FISHING and heard.fishing is None and _is_after_something(move, heard):
        return move.model_copy(update={"code": Code.OPEN_QUESTION})
    if move.code in (Code.VISION, Code.PITCH) and GIVEN_BACK.match(move.quote):
        return move.model_copy(update={"code": Code.REFLECTION})
    if (
        move.code == Code.PITCH
        and move.confidence < SURE
        and INTRODUCED.match(move.quote)
        and not PROOF.search(move.quote)
    ):
        return None
    if move.code == Code.PITCH and move.confidence < SURE and _tells_how_it_works(move.quote):
        return move.model_copy(update={"code": Code.INSIGHT})
    if move.code == Code.GENERIC_CLAIM and _is_of_theirs(move, heard):
        # Figures that are all the buyer's own prove nothing of anybody's product: they show homework.
        return move.model_copy(update={"code": Code.TAILORING})
    if move.code == Code.TAILORING and move.confidence < SURE and not _is_checkable(heard):
        return None
    return move


def _with_fishing(moves: tuple[Move, ...], heard: Heard) -> tuple[Move, ...]:
    """The moves with a fishing question named as one, where its meaning is plain and the reader took it for another."""
    if heard.fishing is None or any(move.code == Code.PAIN_FISHING for move in moves):
        return moves
    asked = {Code.OPEN_QUESTION, Code.WHY_PROBE, Code.UNKNOWNS}
    others = tuple(move for move in moves if not (move.code in asked and move.quote in heard.fishing))
    start = max(heard.text.find(heard.fishing), 0)
    return (*others, Move(code=Code.PAIN_FISHING, quote=heard.fishing, start=start, confidence=PLAIN))


WAY_OUT = re.compile(
    r"\b(?:(?:we|I)(?:['’]ll)? (?:just )?(?:stop|go home|leave it|drop it)\b|"
    r"that(?:['’]s| is) (?:that|the end of it)|no harm done)",
    re.IGNORECASE,
)


def _without_a_way_out(move: Move, reading: Reading) -> Move | None:
    """The move, but for the way out of a proposed step, which is no push however it is worded."""
    is_way_out = move.code == Code.PRESSURE and reading.advancing and WAY_OUT.search(move.quote)
    return None if is_way_out else move


# Said so, it is the buyer's own meaning given back, whatever it pictures.
GIVEN_BACK = re.compile(
    r"\W*(?:so,? )?(?:if I(?:['’]ve| have)? (?:got|have|hear|heard|understand|understood|follow)\b|"
    r"it (?:sounds|seems)\b|what I(?:['’]m| am)? (?:hear|get|take)|you(?:['’]re| are) saying\b)",
    re.IGNORECASE,
)
# Where one is from, with nothing that it does or proves, is how anybody begins.
INTRODUCED = re.compile(
    r"\W*(?:(?:and|so|well|hello|hi)[ ,]+)*(?:we(?:['’]re| are)|I(?:['’]m| am)|it(?:['’]s| is)) (?:\w+ ){0,3}?"
    r"(?:firm|company|outfit|shop|team|business|family|office|crew)\b(?![^.!?]*\b(?:helps?|makes?|offers?|provides?|"
    r"sells?|delivers?|does|that|which|who|tool|software|platform|system|product)\b)",
    re.IGNORECASE,
)
# Whoever pitches names themselves, the product, or what it does as "it"; a product's name has a capital.
SELLER = re.compile(
    r"(?i:\b(?:we|us|ours?|I|my|mine|me|it|they|product|platform|software|system|solution|service|tool|app|package|demo\w*|"
    r"brochure|offer\w*|feature\w*|free|trial|warranty|guarantee)\b)|\b[A-Z]\w*[A-Z0-9]\w*|(?<=[\w,] )[A-Z][a-z]+",
)
MECHANISM = re.compile(r"\b(?:once|when(?:ever)?|because|since|until|if|as soon as|the (?:more|less))\b", re.IGNORECASE)
# A time asked for, and a yes that was never given: plain wordings that the reader seldom takes for a move.
DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
WHEN = rf"(?:{DAY}|tomorrow|next (?:week|month)|this week|o['’]clock|minutes|hour|diary)"
MEET = r"(?:meet|get together|sit down|catch up|talk|speak|come|drop|pop|call|ring)"
MEETING = re.compile(
    rf"[^.!?]*(?:\b(?:can|could|shall|should|may|might) (?:we|I) (?:\w+ ){{0,3}}{MEET}\b[^.!?]*\b{WHEN}"
    rf"|\b(?:why don['’]t|let['’]s|let us|how about|what about)\b[^.!?]*\b{WHEN}"
    rf"|\bwould (?:\w+ )?{WHEN} (?:suit|work|do)\b"
    rf"|\b(?:get-together|appointment|coffee)\b[^.!?]*\b{WHEN})[^.!?]*[.!?]?",
    re.IGNORECASE,
)
ASSUMED = re.compile(
    r"[^.!?]*\b(?:as (?:we )?agreed|(?<!have )(?<!if )you(?:['’]ve| have)? (?:already |just )?(?:agreed|said yes)|"
    r"already said yes|(?:just|simply) say yes|I(?:['’]ll| will) put you down|"
    r"I(?:['’]ll| will) put (?:it|that|you) in (?:the|my|your) (?:diary|calendar)|please confirm)\b"
    r"[^.!?]*[.!?]?",
    re.IGNORECASE,
)
# Whoever threatens to go past the buyer, or makes little of them, has them by the collar, however politely.
CHIEF = (
    r"(?:(?:your|the) (?:own )?(?:boss|manager|chief|head|director|owner|superiors?|board|chair\w*|ceo|cfo|husband|"
    r"wife|partner|people upstairs)|some(?:one|body) (?:above|over|more|else|with)|whoever is (?:above|over))"
)
GO_TO = (
    r"(?:ring|call|phone|e-?mail|write to|speak (?:to|with)|talk (?:to|with)|go (?:straight )?to|"
    r"take (?:it|this) to|complain to)"
)
I_WILL = r"\bI(?:['’]ll| will|['’]m going to| can always| might have to) (?:just |then |have to |simply )*"
THREAT = re.compile(
    rf"[^.!?]*(?:{I_WILL}{GO_TO} {CHIEF}|{I_WILL}{GO_TO} [A-Z]\w+ (?:anyway|instead|myself)\b"
    r"|\b(?:go|going) (?:over|round|around) your head\b|\byou(?:['’]ll| will) (?:regret|be sorry)\b"
    r"|\bdon['’]t say (?:that )?I didn['’]t warn you\b)"
    r"(?![^.!?]*\b(?:if (?:you|that)|with you|would that help)\b)[^.!?]*[.!]?",
    re.IGNORECASE,
)
BELITTLED = re.compile(
    r"[^.!?]*\b(?:you(?:['’]re| are)(?: just| simply| really)? "
    r"(?:not being (?:reasonable|sensible|serious|rational|fair)|"
    r"(?:just )?being (?:unreasonable|difficult|silly|stubborn|ridiculous|emotional|short-?sighted|childish)|"
    r"stuck in (?:the past|your ways)|living in the past|behind the times|missing the point|in denial|"
    r"afraid of change|kidding yourself|fooling yourself)|"
    r"(?:he|she|they|some(?:one|body))(?:['’](?:ll|d)| will| would) be more (?:reasonable|sensible|open)|"
    r"(?<![\w’'] )be (?:reasonable|sensible|serious)|"
    r"you (?:just|clearly|obviously|simply|still) (?:don['’]t|do not) (?:get|understand|see) (?:it|this|how|what I))"
    r"\b[^.!?]*[.!?]?",
    re.IGNORECASE,
)


def _with_asked(moves: tuple[Move, ...], heard: Heard) -> tuple[Move, ...]:
    """The moves with a step asked for or taken for granted, a threat or a slight, where the reader saw none."""
    found = list(moves)
    for code, pattern in ((Code.PRESSURE, THREAT), (Code.REBUTTAL, BELITTLED)):
        match = pattern.search(heard.text)
        if match and all(move.code != code for move in found):
            quote = match.group(0).strip()
            # Such words are nothing better beside.
            found = [move for move in found if move.code not in ADVANCING or move.quote not in quote]
            found.append(Move(code=code, quote=quote, start=heard.text.find(quote), confidence=PLAIN))
    codes = {move.code for move in found}
    for code, pattern in ((Code.PRESSURE, ASSUMED), (Code.NEXT_STEP, MEETING)):
        match = pattern.search(heard.text)
        if match and not codes & {Code.NEXT_STEP, Code.PRESSURE}:
            quote = match.group(0).strip()
            found.append(Move(code=code, quote=quote, start=heard.text.find(quote), confidence=PLAIN))
            codes.add(code)
    return tuple(found)


def _is_after_something(move: Move, heard: Heard) -> bool:
    """Whether a question is plainly about somebody or something of this buyer's, or about their own last words."""
    homework = bool(heard.people) or heard.quoted_back is not None
    return homework or (move.confidence < DOUBTFUL and _nearness(heard) >= ABOUT)


# Whoever proves something by others, or promises a result, says so in such words.
PROOF = re.compile(
    r"\b(?:we|we['’]\w+|us|ours?|customers?|clients?|users?|companies|firms|businesses|others|every(?:one|body)|most|many|"
    r"leading|proven|stud(?:y|ies)|research|results?|on average|typical\w*|up to|industry|market|best|guarantee\w*|"
    r"sav(?:e|es|ing|ings)|cuts?|reduc\w+|improv\w+|boost\w*|increas\w+)\b",
    re.IGNORECASE,
)


def _tells_how_it_works(words: str) -> bool:
    """Whether a mechanism is told with nobody and nothing that sells in it."""
    return MECHANISM.search(words) is not None and SELLER.search(words) is None


def _is_of_theirs(move: Move, heard: Heard) -> bool:
    """Whether a claim is on this buyer's own figures or people and is nobody's proof."""
    if heard.contradictions:
        return False
    numbers = set(numbers_in(move.quote))
    is_all_theirs = bool(numbers) and numbers <= heard.brief_numbers
    names = {name.split()[0] for name in heard.people}
    is_about_them = bool(numbers & heard.brief_numbers) or any(name in move.quote for name in names)
    return is_all_theirs or (is_about_them and not PROOF.search(move.quote))


def _nearness(heard: Heard) -> float:
    about = ("fact", "need", "consequence")
    return max((m.score for m in heard.matches if m.group in about and m.id not in heard.top_of_mind), default=0.0)


def _is_checkable(heard: Heard) -> bool:
    """Whether a message touches anything of this buyer's that could be looked up."""
    touched = heard.touched_brief or heard.figures or heard.people or heard.quoted_back or heard.contradictions
    return bool(touched) or heard.relevance >= ABOUT_NOTHING
