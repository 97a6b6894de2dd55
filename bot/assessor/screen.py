"""What the reader does not even try to read: other languages, pasted text, nothing but signs."""

from __future__ import annotations

import re
import unicodedata

from bot.moves import OtherKind

Shingles = frozenset[tuple[str, ...]]
SHINGLE = 8
LONGEST = 1600

# The commonest English words: a sentence of a dozen words that has next to none of them is not English speech.
COMMON = frozenset(
    """
    the a an and or but if of to in on at for with from by is are was were be been am do does did have has had not
    no yes i you he she it we they me my your our their his her its this that these those what who how why when
    where which can could would will should may might so as than then there here just get got go about up out all
    one more any some don't i'm you're it's that's i'd i'll you've what's can't
    """.split()
)


ASKS_WHY = re.compile(r"\bwhy\b|\bhow come\b|\bwhat reason\b", re.IGNORECASE)
UNDER_NOTHING = frozenset(
    """
    why and but so then is that it this though really not do you say think just or well ok okay tell me because yes no
    oh exactly ever even be would should are they he she we i please ask asking again once more still how come for what
    reason
    """.split()
)


def shingles(text: str) -> Shingles:
    """Runs of eight words, for telling pasted text."""
    words = re.findall(r"[a-z0-9']+", text.lower().replace("’", "'"))
    return frozenset(tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))


def refuse(text: str, pasted_from: Shingles) -> tuple[OtherKind | None, str] | None:
    """The kind and the reason where a message cannot be read as speech to this buyer; None where it can."""
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return (OtherKind.GIBBERISH if text.strip() else None), "there are no words in it"
    if len(text) > LONGEST:
        return OtherKind.VAGUE, f"it is longer than anyone listens to ({len(text):,} characters; {LONGEST:,} at most)"
    foreign = sum(1 for c in letters if not unicodedata.name(c, "").startswith("LATIN"))
    if foreign > 0.3 * len(letters):
        return OtherKind.FOREIGN, "it is in a script that this reader does not read; it reads English"
    pasted = shingles(text)
    if pasted and len(pasted & pasted_from) > 0.4 * len(pasted):
        return OtherKind.VAGUE, "it is text copied from the guides, not something said to this buyer"
    words = re.findall(r"[a-z']+", text.lower().replace("’", "'"))
    if ASKS_WHY.search(text) and all(word in UNDER_NOTHING for word in words):
        return OtherKind.VAGUE, "it asks why and names nothing that the why is under"
    if len(words) >= 12 and sum(word in COMMON for word in words) < 0.08 * len(words):
        return OtherKind.KEYWORDS, "it has no sentence of English in it"
    return None
