"""What the assessor saw in a rep's message."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from bot.moves import ADVANCING, COSTLY, Code, OtherKind


class Move(BaseModel):
    """One thing the rep's words do, with the exact words and the reader's calibrated confidence (0 to 1)."""

    model_config = ConfigDict(frozen=True)

    code: Code
    quote: str
    start: int
    confidence: float


class Reading(BaseModel):
    """Everything seen in one message.

    `kind` says what a message without a move is instead; `unread` why it could not be read, if so; `doubt` is the
    confidence of the likeliest move that was not sure enough to be said.
    `specificity` is how much is about this buyer and checkable, `talk_share` the message's share of all words so far.
    """

    model_config = ConfigDict(frozen=True)

    moves: tuple[Move, ...]
    specificity: float
    talk_share: float
    kind: OtherKind | None
    unread: str | None
    doubt: float = 0.0
    reader: str

    def confidence(self, code: Code) -> float:
        """How sure the reader is of a code, 0 where it saw none."""
        return max((move.confidence for move in self.moves if move.code == code), default=0.0)

    def best(self, code: Code) -> Move | None:
        """The surest move of a code."""
        found = [move for move in self.moves if move.code == code]
        return max(found, key=lambda move: move.confidence, default=None)

    @property
    def advancing(self) -> tuple[Move, ...]:
        """The moves that advance."""
        return tuple(move for move in self.moves if move.code in ADVANCING)

    @property
    def costly(self) -> tuple[Move, ...]:
        """The moves that cost."""
        return tuple(move for move in self.moves if move.code in COSTLY)
