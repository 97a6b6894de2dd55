"""What the assessor saw in a rep's message."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from bot.moves import ADVANCING, COSTLY, Code, OtherKind

# Beside something better said, a cost has to be plain before it is held against the rep.
SURE_BESIDE_BETTER = 0.95


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

    def is_doubtful_cost(self, move: Move) -> bool:
        """Whether a costly move was read with some doubt beside something surer that costs little or advances."""
        others = (m for m in self.moves if m.code not in COSTLY or (m.code == Code.FLATTERY and m.code != move.code))
        surest = max((m.confidence for m in others), default=0.0)
        return move.code in COSTLY and move.confidence < SURE_BESIDE_BETTER and surest > move.confidence

    @property
    def advancing(self) -> tuple[Move, ...]:
        """The moves that advance."""
        return tuple(move for move in self.moves if move.code in ADVANCING)

    @property
    def costly(self) -> tuple[Move, ...]:
        """The moves that cost."""
        return tuple(move for move in self.moves if move.code in COSTLY)
