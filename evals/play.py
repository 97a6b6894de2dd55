"""Playing one session: a policy on one side, the buyer as it is, or with one part of it taken away, on the other."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.assessor.reader import Reader
from bot.assessor.reading import Reading
from bot.assessor.screen import Shingles
from bot.build import Trainer
from bot.caller import Caller
from bot.errors import UserError
from bot.heard import Heard
from bot.memory import Memory
from bot.mind import Change as MindChange
from bot.mind import Mind
from bot.moves import ADVANCING, COSTLY
from bot.persona import Persona
from bot.session import Session, Turn
from bot.settings import NO_MODEL, Settings
from bot.turn import play_turn
from evals.policies.by_model import ModelRep
from evals.policies.policy import Buyer, Rep, buyer_of
from evals.spec import Spec

NOISE = 0.2


class NoisyReader(Reader):
    """A reader that takes a fifth of the moves for another one, seeded by the words."""

    def read(self, text: str, prospect: str | None, *, pasted_from: Shingles = frozenset()) -> Reading:
        """The reading with moves replaced at random."""
        reading = super().read(text, prospect, pasted_from=pasted_from)
        rng = random.Random(f"noise:{text}")
        codes = sorted(ADVANCING | COSTLY)
        moves = tuple(
            move.model_copy(update={"code": rng.choice(codes)}) if rng.random() < NOISE else move
            for move in reading.moves
        )
        return reading.model_copy(update={"moves": moves})


class WithoutPassages(Trainer):
    """A trainer whose coach finds no passage."""

    def passages(self, heard: Heard, turn: Turn, found: Any) -> list[Any]:
        """None."""
        return []


def fixed_mind(
    mind: Mind, reading: Reading, heard: Heard, memory: Memory, persona: Persona
) -> tuple[Mind, tuple[MindChange, ...]]:
    """A mind that nothing moves: one stance from the first word to the last."""
    return mind, ()


@dataclass(frozen=True)
class Played:
    """One session as it was played, with the seconds of each turn.

    Where a model plays the rep, `rep_troubles` says for each turn why its message was not said, None where it was.
    """

    spec: Spec
    session: Session
    seconds: tuple[float, ...]
    rep_troubles: tuple[str | None, ...] = ()

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        by_model = {"rep_troubles": self.rep_troubles} if self.rep_troubles else {}
        session = self.session.model_dump(mode="json")
        return {"spec": self.spec.dump(), "session": session, "seconds": self.seconds, **by_model}

    @staticmethod
    def parse(value: dict[str, Any]) -> Played:
        """From JSON."""
        session, seconds = Session.model_validate(value["session"]), tuple(value["seconds"])
        return Played(Spec(**value["spec"]), session, seconds, tuple(value.get("rep_troubles", ())))


def play(spec: Spec, settings: Settings | None = None) -> Played:
    """Play a session from its first word to its end or the last turn allowed."""
    settings = settings or Settings()
    trainer = _trainer(spec.change, settings.home, settings.personas, spec.change == "model")
    persona = trainer.persona(spec.persona)
    session = trainer.start(spec.persona, seed=spec.seed)
    session = session.model_copy(update={"id": spec.id, "started": ""})
    if spec.inertia is not None:
        start = session.start.model_copy(update={"inertia": spec.inertia})
        session = session.model_copy(update={"start": start})
    buyer: Buyer = buyer_of(persona, trainer.scenario(spec.persona))
    rep: Rep | ModelRep = Rep(spec.policy, buyer, spec.seed)
    if spec.reps == "model":
        rep = ModelRep(rep, buyer, _speaker(settings))
    heard, seconds = persona.picks_up, list[float]()
    while not session.is_over and len(session.turns) < spec.turns:
        message = rep.say(heard)
        advice = session.turns[-1].feedback if session.turns else None
        if spec.says_rewrite and advice and advice.rewrite:
            message = advice.rewrite
        began = time.perf_counter()
        session = play_turn(trainer, session, message)
        seconds.append(time.perf_counter() - began)
        heard = session.turns[-1].prospect
    troubles = tuple(rep.troubles) if isinstance(rep, ModelRep) else ()
    return Played(spec, session, tuple(seconds), troubles)


def _speaker(settings: Settings) -> Caller:
    """The model that speaks, shared with the buyer where it speaks for the buyer too."""
    caller = _trainer("model", settings.home, settings.personas, True).caller("prospect")
    if caller is None:
        raise UserError("a model is to play the rep and none is set; set INERTIA_MODEL or INERTIA_PROSPECT_MODEL")
    return caller


@lru_cache(maxsize=5)
def _trainer(change: str, home: Path, personas: Path | None, with_model: bool) -> Trainer:
    settings = Settings(home=home, personas=personas)
    if not with_model:
        roles = ("prospect_model", "coach_model", "reader_model")
        settings = settings.model_copy(update=dict.fromkeys(roles, NO_MODEL))
    kind = WithoutPassages if change == "no retrieval" else Trainer
    trainer = kind(settings, None, fixed_mind) if change == "no mind" else kind(settings, None)
    if change == "noisy reader":
        trainer.__dict__["reader"] = NoisyReader(trainer.tokenizer_file)
    return trainer
