"""What the director decides for one turn, before anybody finds better words for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from bot.moves import Code
from bot.speech import Piece, Talk

Layer = Literal["said", "felt", "unknown", "consequence", "why", "stakeholder", "fact"]
Ending = Literal["ended_call", "agreed_next_step"]


@dataclass(frozen=True)
class Given:
    """Something of the persona's file that comes out in this line."""

    layer: Layer
    id: str
    what: str


@dataclass(frozen=True)
class Provoked:
    """An objection, and the rep's move and words that provoked it."""

    kind: str
    move: Code
    quote: str


@dataclass(frozen=True)
class Plan:
    """The line to come: what kind of answer it is, its pieces, what it gives away, and how the call stands after it."""

    act: str
    pieces: tuple[Piece, ...] = ()
    objection: Provoked | None = None
    given: tuple[Given, ...] = ()
    voiced: frozenset[str] = field(default_factory=lambda: frozenset[str]())
    resisted: str | None = None
    ending: Ending | None = None
    lets_hear: bool = False

    @property
    def draft(self) -> str:
        """The line as it is spoken without a model."""
        return " ".join(piece.text for piece in self.pieces) or "Mm."

    @property
    def talk(self) -> Talk:
        """For how things are, for change, or neither."""
        kinds = {piece.talk for piece in self.pieces}
        if self.objection:
            return "sustain"
        if "change" in kinds:
            return "change"
        return "sustain" if "sustain" in kinds else "neutral"

    def add(self, piece: Piece | None, *given: Given, voiced: str | None = None) -> Plan:
        """The plan with one more piece; the same plan when there is none."""
        if piece is None:
            return self
        more = frozenset({voiced}) if voiced else frozenset[str]()
        return replace(self, pieces=(*self.pieces, piece), given=(*self.given, *given), voiced=self.voiced | more)

    def let_hear(self) -> Plan:
        """The plan, to end on a word for the stance: it is known once the prospect has heard themselves."""
        return replace(self, lets_hear=True)
