"""Everything that decides one line of the prospect's."""

from __future__ import annotations

from dataclasses import dataclass

from bot.assessor.reading import Reading
from bot.heard import ABOUT_YOU, Heard
from bot.memory import Memory
from bot.mind import Mind, Stance
from bot.moves import ASKING, Code, OtherKind
from bot.persona import Persona
from bot.speech import Speaker

# Below so much inertia nobody speaks up for how things are; from the upper bound on everybody does.
FREE_OF_IT, HELD_BY_IT = 15, 85
# A question that the reader makes nothing of, and is so unsure about, may be to the matter all the same.
MAY_BE_A_MOVE = 0.1


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
    def asks_on(self) -> bool:
        """Whether a question that was read as no move goes on from what the buyer said, for all one can hear."""
        heard, reading = self.heard, self.reading
        if not self.memory.turns or reading.moves or not heard.is_question:
            return False
        # "How's it going?" is a greeting and "does it worry you?" is none, whatever they are taken for.
        leans = heard.leans and (reading.kind != OtherKind.GREETING or ABOUT_YOU.search(heard.text))
        return bool(leans) or reading.doubt >= MAY_BE_A_MOVE

    @property
    def is_open(self) -> bool:
        """Whether the prospect is past guarding themselves."""
        return self.stance in (Stance.CURIOUS, Stance.CONCERNED, Stance.READY)

    @property
    def attachment(self) -> float:
        """How far the attachment to how things are speaks, 0 to 1."""
        return max(0.0, min(1.0, (self.after.inertia - FREE_OF_IT) / (HELD_BY_IT - FREE_OF_IT)))
