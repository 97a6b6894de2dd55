"""Turns of phrase by which a line gives itself away as another's: a seller's, a machine's, a narrator's, a yes."""

from __future__ import annotations

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


GLAD = r"I(?:'d| would|'m| am|'ll| will)? (?:be )?(?:happy|glad|pleased|delighted|here)"
SOLD = _any(
    r"\b(?:our|my) (?:products?|platform|software|solutions?|services?|system|tool|app|offer(?:ing)?s?|demo)\b",
    r"\b(?:our|my) (?:team can|company can|experts?|specialists?)\b",
    r"\bwe(?:'d| would|'ll| will| can| are able to| could)? (?:offer|provide|speciali[sz]e)\b",
    r"\bwe(?:'d| would|'ll| will| can| are able to| could)? help (?:companies|you|businesses|customers|clients)\b",
    rf"\b{GLAD} to (?:help|assist|offer|provide|show|explain|discuss|walk|answer|share)\b",
    r"\bI (?:can|could|will) (?:offer you|show you|send you (?:a|our)|help you|assist|walk you)\b",
    r"\bI(?: would|'d) like to (?:offer you|show you|send you|help you|assist|walk you)\b",
    r"\b(?:how|what) (?:can|may|could) (?:I|we) (?:help|assist|do for you)\b",
    r"\b(?:help|assist) you (?:today|with)\b",
    r"\bthank(?:s| you)(?: so much| very much)? for (?:your (?:time|interest|patience|question|call|feedback|input))\b",
    r"\bthank(?:s| you)(?: so much| very much)? for (?:your (?:understanding|concern|inquiry|insights?))\b",
    r"\bthank(?:s| you)(?: so much| very much)? for (?:reaching out|calling|asking|contacting|sharing|bringing)\b",
    r"\bthank(?:s| you)(?: so much| very much)? for the (?:call|question|information|insights?)\b",
    r"\b(?:let me know if|feel free to|do you have any (?:other )?questions|don't hesitate)\b",
    r"\b(?:schedule|book|set up|arrange) (?:a|your) (?:demo|call|meeting|consultation|time)\b",
    r"\b(?:for|to) your (?:business|company|needs|organi[sz]ation|team)\b",
    r"\bgreat question\b",
)
MADE_BY_MACHINE = _any(
    r"\bas an? (?:AI|artificial|language model|assistant|virtual)",
    r"\b(?:language model|AI assistant|chatbot|openai|system prompt|my instructions|role-?play|in character)\b",
    r"\bthe (?:note|director|scene|script|prompt|draft)\b(?= (?:says|tells|asks|from|of))",
    r"\b(?:director'?s note|has to carry|in at most)\b",
    r"<\|?\w+|\|>|\[/?(?:INST|NOTE)|##|```",
)
NARRATED = _any(
    r"\*[^*\n]+\*",
    r"_[^_\n]+_",
    r"^\s*[(\[][^)\]]*[)\]]",
    r"[(\[](?:sighs?|laughs?|pauses?|chuckles?|smiles?|nods?|silence|beat|[a-z]+ly\b)[^)\]]*[)\]]",
)
LABEL = _any(
    r"^\s*(?:the )?(?:rep|sales ?(?:rep|person|man|woman)?|seller|you|user|caller|agent)\s*[:>]",
    r"^\s*(?:the )?(?:assistant|system|human|me)\s*[:>]",
    r"^\s*(?:the )?(?:prospect|customer|buyer|client|note|mood|director|response|answer|line)\s*[:>]",
)
LIKES = r"I(?:'d| would) (?:love|like|be happy|be glad|be open|be interested|be willing)"
YES = r"(?:yes|sure|okay|ok|alright|absolutely|certainly|of course)"
AGREED = _any(
    r"\blet's (?:do|go|get|set|book|schedule|try|meet|talk (?:again|more|on|next)|make it|start)\b",
    r"\b(?:sign me up|count me in|you've convinced me|I agree|I accept|it's a deal|deal|that works for me)\b",
    r"\bI'm (?:in|interested|sold|convinced|happy to (?:meet|try|go|do|set|book|talk)|open to (?:a|it|that|the|try))\b",
    rf"\b{LIKES} (?:to )?(?:see|hear|try|learn|meet|know more|set|book|have|take|schedule|explore|discuss|do)\b",
    r"\bI(?:'ll| will) (?:take (?:it|you up|the)|sign|buy|have that|come along|meet|be there|book|try (?:it|that))\b",
    r"\bI(?:'ll| will) set (?:it|that|something) up\b",
    r"\b(?:sounds|that'd be|would be|it'd be) (?:like a (?:plan|good idea)|good|great|perfect|wonderful|fantastic)\b",
    r"\b(?:sounds|that'd be|would be|it'd be) (?:interesting|fine by me)\b",
    r"\bsend (?:me|over|it|us) (?:the|your|a|some|over|more)\b",
    r"\bwe should (?:meet|do|try|set|talk|schedule|explore|consider)\b",
    rf"\b{YES}[,.!]? (?:let's|please|I'd|I would|I'll|we can|we could|that works)\b",
    r"\bwhen (?:can|could|shall) we (?:meet|start|begin|do)\b",
)
HARMLESS_NAMES = frozenset(
    """
    i i'm i'd i'll i've monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december christmas easter god lord jesus mr mrs ms english british
    irish ok okay tv
    """.split()
)
