"""What the prospect remembers of the call, and what has been used up."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, field_serializer

from bot.moves import Code


class Memory(BaseModel):
    """What was said, told, earned and promised so far; every update is a new memory."""

    model_config = ConfigDict(frozen=True)

    turns: int = 0
    moves: dict[Code, int] = {}
    told: dict[str, int] = {}
    used: frozenset[str] = frozenset()
    earned: tuple[str, ...] = ()
    voiced: frozenset[str] = frozenset()
    why_depth: int = 0
    resisted: tuple[str, ...] = ()
    rep_words: tuple[tuple[int, str], ...] = ()
    meaningless: int = 0
    abused: int = 0
    elsewhere: int = 0

    @field_serializer("used", "voiced")
    def _in_order(self, values: frozenset[str]) -> list[str]:
        # A set has another order in every process; what is stored is to be the same.
        return sorted(values)

    def count(self, code: Code) -> int:
        """How often a move was made in earlier turns."""
        return self.moves.get(code, 0)

    def worn(self, code: Code) -> float:
        """What a move still weighs, having been made before: 1 at first, never under 0.4."""
        return max(0.4, 1.0 - 0.1 * self.count(code))

    def has_earned(self, name: str) -> bool:
        """Whether an item of the persona's file has come out in this call."""
        return name in self.earned
