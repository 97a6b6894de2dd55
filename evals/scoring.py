"""What a scorer is given and what it gives: sessions in, figures with intervals and the worst turns out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

from bot.build import Trainer
from bot.session import Turn
from evals import stats
from evals.judge import Listener
from evals.marks import Mark
from evals.play import Played

Row = TypeVar("Row")
MOST_WORST = 10
POOR = ("pitcher", "pusher", "charmer", "fisher", "teller", "stonewaller", "adversary")
SKILLED = ("expert", "competent")
LADDER = {
    "dismissive": 0,
    "guarded": 1,
    "curious": 2,
    "concerned": 3,
    "ready": 4,
    "ended_call": 0,
    "agreed_next_step": 4,
}


@dataclass(frozen=True)
class Reach:
    """What a figure should come to."""

    way: Literal["at least", "at most"]
    value: float

    def holds(self, value: float) -> bool:
        """Whether it does."""
        return value >= self.value if self.way == "at least" else value <= self.value


@dataclass(frozen=True)
class Figure:
    """One figure: its value, 95 % interval, how many it rests on, how many were not scored, what it should reach."""

    scorer: str
    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    unscored: int = 0
    reach: Reach | None = None
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether it reaches what it should; None where nothing is asked of it. What could not be scored does not."""
        if self.reach is None:
            return None
        return self.value is not None and self.reach.holds(self.value)

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self) | {"holds": self.holds}


@dataclass(frozen=True)
class Worst:
    """A turn that did badly on a scorer."""

    session: str
    turn: int
    what: str


@dataclass(frozen=True)
class Scored:
    """What a scorer found."""

    figures: list[Figure]
    worst: list[Worst] = field(default_factory=lambda: list[Worst]())


@dataclass
class Run:
    """Every session of a run with the marks of its turns, by the session's id."""

    sessions: list[Played]
    marks: Mapping[str, Sequence[Mark]]
    trainer: Trainer
    judge: Listener

    def of(self, purpose: str, *, change: str = "none") -> list[Played]:
        """The sessions of a purpose."""
        return [one for one in self.sessions if one.spec.purpose == purpose and one.spec.change == change]

    @cached_property
    def main(self) -> list[Played]:
        """The sessions of the main table: as it is, or by the model where one speaks."""
        return [s for s in self.sessions if s.spec.purpose == "main" and s.spec.change in ("none", "model")]

    def marked(self, sessions: Sequence[Played]) -> list[tuple[Played, Turn, Mark]]:
        """Every turn of the sessions with its session and its marks."""
        return [
            (one, turn, mark)
            for one in sessions
            for turn, mark in zip(one.session.turns, self.marks[one.spec.id], strict=True)
        ]

    def sustain_share(self, played: Played) -> float | None:
        """The share of a buyer's lines that speak for how things are, of those that the judge could read."""
        return stats.mean([float(talk == "sustain") for talk in self._talks(played)])

    def openness(self, played: Played) -> float | None:
        """Change talk less sustain talk, as shares of the buyer's lines that the judge could read."""
        return stats.mean([float(talk == "change") - float(talk == "sustain") for talk in self._talks(played)])

    def _talks(self, played: Played) -> list[str]:
        return [mark.heard.talk for mark in self.marks[played.spec.id] if mark.heard]


def terminal(played: Played) -> float:
    """How far a session got: the last stance on its ladder, and the tension that stood behind it (0 to 5)."""
    turns = played.session.turns
    if not turns:
        return 0.0
    return LADDER[str(turns[-1].stance)] + turns[-1].mind.tension / 100 - (played.session.outcome == "ended_call")


def turns_of(sessions: Sequence[Played]) -> list[tuple[Played, Turn]]:
    """Every turn with its session."""
    return [(one, turn) for one in sessions for turn in one.session.turns]


def figure(
    scorer: str,
    name: str,
    rows: Sequence[Row],
    cluster: Callable[[Row], str],
    value: Callable[[Sequence[Row]], float | None],
    reach: Reach | None = None,
    *,
    unscored: int = 0,
    note: str = "",
) -> Figure:
    """A figure over rows with its interval, clustered as told."""
    found = value(rows) if rows else None
    bounds = stats.interval(rows, cluster, value) if found is not None else None
    low, high = bounds or (None, None)
    return Figure(scorer, name, found, low, high, len(rows), unscored, reach, note)


def mean_of(
    scorer: str,
    name: str,
    values: Sequence[tuple[str, float]],
    reach: Reach | None = None,
    *,
    unscored: int = 0,
    note: str = "",
) -> Figure:
    """A mean of values, each with the session it is from, with its interval."""
    found = stats.mean([value for _, value in values])
    low, high = (stats.mean_interval(values) if values else None) or (None, None)
    return Figure(scorer, name, found, low, high, len(values), unscored, reach, note)


def session_of(played: Played) -> str:
    """The cluster of a session."""
    return played.spec.id
