"""Everything that decides one line of the prospect's."""

from __future__ import annotations

from dataclasses import dataclass

from bot.assessor.reading import Reading
from bot.heard import Heard
from bot.memory import Memory
from bot.mind import Mind, Stance
from bot.moves import Code
from bot.persona import Persona
from bot.speech import Speaker

# Below so much inertia nobody speaks up for how things are; from the upper bound on everybody does.
FREE_OF_IT, HELD_BY_IT = 15, 85
ASKING = frozenset({Code.OPEN_QUESTION, Code.WHY_PROBE, Code.UNKNOWNS, Code.CONSEQUENCE, Code.BUYING_PROCESS})


@dataclass(frozen=True)
class Moment:
    """Everything the director looks at for one line: the mind before and after the message, and what was heard."""

    persona: Persona
    before: Mind
    after: Mind
    reading: Reading
    heard: Heard
    memory: Memory
    speaker: Speaker

    def has(self, code: Code) -> bool:
        """Whether the rep made this move."""
        return self.reading.best(code) is not None

    @property
    def stance(self) -> Stance:
        """The stance after the message."""
        return self.after.stance

    @property
    def asks(self) -> bool:
        """Whether the rep asked for something of theirs; asking leave is no such question."""
        return any(self.has(code) for code in ASKING) or (self.heard.is_question and not self.reading.moves)

    @property
    def is_open(self) -> bool:
        """Whether the prospect is past guarding themselves."""
        return self.stance in (Stance.CURIOUS, Stance.CONCERNED, Stance.READY)

    @property
    def attachment(self) -> float:
        """How far the attachment to how things are speaks, 0 to 1."""
        return max(0.0, min(1.0, (self.after.inertia - FREE_OF_IT) / (HELD_BY_IT - FREE_OF_IT)))
