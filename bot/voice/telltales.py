"""Turns of phrase by which a line gives itself away as another's: a seller's, a machine's, a narrator's, a yes."""

from __future__ import annotations

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


GRASPS = r"I (?:completely |fully |totally )?(?:understand|appreciate)"
# A thanks that is taken back in the same breath is a buyer's.
KIND = r"(?![^.?!]*\bbut\b)"
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
    rf"\bthank(?:s| you)(?: so much| very much)? for (?:sharing|bringing)\b{KIND}",
    rf"\bthank(?:s| you)(?: so much| very much)? for (?:reaching out|calling|asking|contacting)\b{KIND}",
    rf"\bthank(?:s| you)(?: so much| very much)? for the (?:call|question|information|insights?)\b{KIND}",
    r"\b(?:let me know if|feel free to|do you have any (?:other )?questions|don't hesitate)\b",
    r"\b(?:schedule|book|set up|arrange) (?:a|your) (?:demo|call|meeting|consultation|time)\b",
    r"\b(?:for|to) your (?:business|company|needs|organi[sz]ation|team)\b",
    r"\bgreat question\b",
    r"\bappreciate (?:you|your) (?:taking|making|finding) (?:the|some) time\b",
    rf"\b{GRASPS} your (?:concerns?|questions?|interest|point|position|situation|frustrations?|perspective|needs)\b",
    r"\btake the (?:hassle|pain|headache|stress|guesswork|work) out of\b",
    r"\bI(?:'d| would)? (?:strongly |highly )?(?:recommend|suggest|advise) (?!you (?:stop|ring|try somebody))",
    r"\bI(?:'m| am) (?:just )?(?:calling|ringing|phoning|reaching out) (?:about|because|from|to|on behalf|regarding)\b",
    r"\b(?:the |my )?reason (?:that |why )?I(?:'m| am|'ve| have)? (?:rang|called|phoned|calling|ringing|phoning)\b",
    r"\bI(?:'m| am) (?:just )?getting in touch (?:about|because|from|to|on behalf|regarding)\b",
)
MADE_BY_MACHINE = _any(
    r"\bas an? (?:AI|artificial|language model|assistant|virtual)",
    r"\b(?:language model|AI assistant|chatbot|openai|system prompt|my instructions|role-?play|in character)\b",
    r"\bthe (?:note|director|scene|script|prompt|draft)\b(?= (?:says|tells|asks|from|of))",
    r"\b(?:director'?s note|has to carry|in at most)\b",
    r"<\|?\w+|\|>|\[/?(?:INST|NOTE)|##|```",
    r"\bmy (?:mood|character|persona) (?:is|has|must|wouldn't|would|should|can't|won't)\b",
    r"\bmy line (?:has|is|must)\b",
    r"\bI(?:'m| am) (?:playing|portraying|acting as|pretending to be) (?:a|an|the|this|that)\b",
    r"\bin (?:square )?brackets\b",
    r"\b(?:stay|keep|remain) in (?:my|this|the) (?:part|role|character)\b",
    r"\bI (?:was|have been|'ve been) (?:told|instructed|given) to (?:say|keep|stay|answer|act|play|respond)\b",
)
NARRATED = _any(
    r"\*[^*\n]+\*",
    r"_[^_\n]+_",
    r"^\s*[(\[][^)\]]*[)\]]",
    r"[(\[](?:sighs?|laughs?|pauses?|chuckles?|smiles?|nods?|silence|beat|[a-z]+ly\b)[^)\]]*[)\]]",
    r"[(\[][^)\]]*\b[a-z]{2,}ing\b[^)\]]*[)\]]",
    r"[,.] ?(?:he|she|they) (?:says|said|mutters|replies|adds|sighs)\s+(?:with|in|flatly|quietly|slowly|dryly)\b",
    r"[,.] ?(?:he|she|they) (?:says|said|mutters|replies|adds|sighs|grunts)[.!?]?\s*$",
)
OPENERS = "look|listen|honestly|well|right|no|yes|so|fine|mind|simple|truth|fact|point|question|answer"
LABEL = _any(
    r"^\s*(?:the )?(?:rep|sales ?(?:rep|person|man|woman)?|seller|you|user|caller|agent)\s*[:>]",
    r"^\s*(?:the )?(?:assistant|system|human|me)\s*[:>]",
    r"^\s*(?:the )?(?:prospect|customer|buyer|client|note|mood|director|response|answer|line)\s*[:>]",
    rf"^\W*(?!(?:{OPENERS})\b)[A-Z][\w.]*(?: (?-i:[A-Z0-9])[\w.]*){{0,2}}(?: ?\([^)]*\))?\s*:(?=\s)",
)
LIKES = r"I(?:'d| would) (?:love|like|be happy|be glad|be open|be interested|be willing)"
YES = r"(?:yes|sure|okay|ok|alright|absolutely|certainly|of course)"
UNLESS = r"(?![^.?!]*\b(?:but|though)\b[^.?!]*\b(?:not|no|never|can't|won't|isn't|wouldn't)\b)"
AGREED = _any(
    r"\blet's (?:do|go|get|set|book|schedule|try|meet|talk (?:again|more|on|next)|make it|start)\b",
    r"\b(?:sign me up|count me in|you've convinced me|I agree|I accept|it's a deal|deal|that works for me)\b",
    r"\bI'm (?:in|interested|sold|convinced|happy to (?:meet|try|go|do|set|book|talk)|open to (?:a|it|that|the|try))\b",
    rf"\b{LIKES} (?:to )?(?:see|hear|try|learn|meet|know more|set|book|have|take|schedule|explore|discuss|do)\b",
    r"\bI(?:'ll| will) (?:take (?:it|you up|the)|sign|buy|have that|come along|meet|be there|book|try (?:it|that))\b",
    r"\bI(?:'ll| will) set (?:it|that|something) up\b",
    r"\b(?:sounds|that'd be|would be|it'd be) (?:like a (?:plan|good idea)|good|great|perfect|wonderful|fantastic)\b",
    rf"\b(?:sounds|that'd be|would be|it'd be) (?:interesting|fine by me)\b{UNLESS}",
    r"\bsend (?:me|over|it|us) (?:the|your|a|some|over|more)\b",
    r"\bwe should (?:meet|do|try|set|talk|schedule|explore|consider)\b",
    rf"\b{YES}[,.!]? (?:let's|please (?:do|send|book|set|come)|we can|we could|that works)\b",
    rf"\b{YES}[,.!]? (?:I(?:'d| would) (?:like|love|be)|I'll (?:take|do|come|have|be there|see you|send|book|set))\b",
    r"\bwhen (?:can|could|shall) we (?:meet|start|begin|do)\b",
    r"\b(?:you've|you have) (?:won|sold|persuaded|talked) (?:me|us)\b",
    r"\bI(?:'m| am) (?:game|on board|persuaded|up for)\b",
    r"\b(?:suits (?:me|us)|put me down for|where do I sign)\b",
    r"\bwhy not\b,? (?:bring|come|let|send|show|try)\b",
    r"\b(?:get|grab|check|look at|open) (?:my|the) (?:diary|calendar)\b",
    r"\be-?mail (?:me|us|it|over) (?:the|your|a|some|over)\b",
    r"\bgive (?:it|that|this) a (?:go|try|shot|whirl)\b",
    r"\bwe(?:'re| are) (?:all )?agreed\b",
    r"\b(?:can't|cannot|can not) (?:go|carry|keep) on (?:like|with|as|doing|this)\b",
)
LEFT = _any(
    r"^\W*(?:(?:well|right|okay|so|thanks|thank you|anyway)[,.!]? )*(?:good-?bye|bye|cheerio|so long)\b",
    r"\b(?:good-?bye|bye(?:[- ]bye)?|cheerio)(?:,? (?:now|then|for now))?(?:, [A-Z][\w'’-]+)?\W*$",
    r"^\W*(?:(?:well|right|so|we'll|I'll) )*(?:talk|speak) (?:to you |again )?(?:soon|later|tomorrow|next week)\b",
    r"\bhave a (?:good|nice|great|lovely) (?:day|one|evening|afternoon|morning|weekend|week|time)\b",
    r"\b(?:I(?:'ve| have)? (?:got to|must|need to|have to)|I've to|gotta) (?:go|run|hang up|ring off)(?: now)?\W*$",
    r"\bI(?:'m| am)(?: going to)? (?:hanging up|hang up|ringing off|ring off|putting the phone down)\b",
    r"\btake care(?: now| then|, [A-Z][\w'’-]+)?\W*$",
    r"\bsee you (?:soon|later|around|tomorrow|then)\b",
)
# What anybody may say of their own trade, where the plan speaks of it.
OWN_BUSINESS = _any(
    r"\b(?:our|my) (?:products?|platform|software|solutions?|services?|system|tool|app|offer(?:ing)?s?)\b",
    r"\bwe(?:'d| would|'ll| will| can| are able to| could)? (?:offer|provide|speciali[sz]e)\b",
)
HARMLESS_NAMES = frozenset(
    """
    i i'm i'd i'll i've monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december christmas easter god lord jesus mr mrs ms english british
    irish ok okay tv
    """.split()
)
