"""Words of a text, and the ones that carry no meaning of their own."""

from __future__ import annotations

import re

STOP = frozenset(
    """
    a an and are as at be been but by can could did do does for from had has have he her him his how i if in is it
    its just like me my no not of on one or our out she so some than that the their them then there they this to too
    up us was we well were what when where which who why will with would you your yours yes know think going get got
    really about any because been over more very much here now say said that's it's i'm you're don't they're we're
    there's thing things way right good bit lot mean see look want need make take come back time day
    """.split()
)

ASKING = re.compile(
    r"^\W*(?:so |and |but |okay |ok |right |well )*(?:how|what|when|where|who|whose|which|why|tell me|walk me|talk me|"
    r"take me through|describe|help me|do|does|did|is|are|was|were|has|have|had|can|could|would|will|if)\b",
    re.IGNORECASE,
)


def is_question(sentence: str) -> bool:
    """Whether a sentence asks: by its end, or by how it begins where the mark was left out."""
    return sentence.rstrip().endswith("?") or ASKING.match(sentence) is not None


def words_of(text: str) -> list[str]:
    """The words in small letters, apostrophes and hyphens kept."""
    return re.findall(r"[a-z0-9][a-z0-9'-]*", text.lower().replace("’", "'"))


def runs_of(text: str, length: int, meaning: int) -> set[tuple[str, ...]]:
    """Runs of `length` words that hold at least `meaning` words with a meaning of their own."""
    words = words_of(text)
    runs = (tuple(words[i : i + length]) for i in range(len(words) - length + 1))
    return {run for run in runs if sum(word not in STOP for word in run) >= meaning}
