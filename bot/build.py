"""The composition root: settings in, a ready trainer out."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import yaml
from pydantic import ValidationError

from bot import mind
from bot.assessor.reader import Reader
from bot.assessor.reading import Reading
from bot.assessor.screen import Shingles, shingles
from bot.caller import Caller, Callers
from bot.calling import Trouble
from bot.coach import Found
from bot.contract import FileRuns, runs_of_file
from bot.errors import UserError
from bot.ground import Ground, load_ground
from bot.heard import Heard, Known, known_of
from bot.memory import Memory
from bot.mind import Change, Mind
from bot.models import Role
from bot.moves import Code
from bot.persona import Occasion, Persona, Scenario
from bot.persona_file import load_persona, load_scenario, persona_paths, shipped
from bot.phrases import Phrases, Principle
from bot.session import Depth, Session, Turn
from bot.settings import Settings
from bot.speech import DefaultLines
from bot.store import Store
from knowledge.encoder import Encoder, Vectors, default_folder, finder_folder
from knowledge.index import Index, ensure_index
from knowledge.ingest import load_added
from knowledge.passages import Guide, load_guides
from knowledge.search import Hit, search

KEPT_VECTORS = 20_000
NOTHING_SAID = "the buyer waits to hear why they were called, and why now"
MoveMind = Callable[[Mind, Reading, Heard, Memory, Persona], tuple[Mind, tuple[Change, ...]]]


@dataclass
class Trainer:
    """Everything a session needs, loaded when first used and shared by all sessions.

    `store` is None for scripted play, which leaves no trace; `move_mind` is another only where a mind is studied.
    """

    settings: Settings
    store: Store | None
    move_mind: MoveMind = mind.step
    _personas: dict[str, Persona] = field(default_factory=lambda: dict[str, Persona]())
    _grounds: dict[str, Ground] = field(default_factory=lambda: dict[str, Ground]())
    _runs: dict[str, FileRuns] = field(default_factory=lambda: dict[str, FileRuns]())
    _known: dict[str, Known] = field(default_factory=lambda: dict[str, Known]())
    _scenarios: dict[str, Scenario] = field(default_factory=lambda: dict[str, Scenario]())
    _prompts: dict[str, str] = field(default_factory=lambda: dict[str, str]())
    _vectors: dict[str, Vectors] = field(default_factory=lambda: dict[str, Vectors]())
    _making: dict[str, threading.Lock] = field(default_factory=lambda: dict[str, threading.Lock]())
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @cached_property
    def embedder(self) -> Encoder:
        """The local encoder."""
        return Encoder(threads=self.settings.threads)

    @cached_property
    def finder(self) -> Encoder:
        """The encoder that searches the guides: the local one, tuned on their search phrases."""
        return Encoder(finder_folder(), threads=self.settings.threads)

    @cached_property
    def reader(self) -> Reader:
        """The assessor's reader."""
        return Reader(self.tokenizer_file)

    @property
    def tokenizer_file(self) -> Path:
        """The tokenizer that reader and encoder share."""
        return default_folder() / "tokenizer.json"

    @cached_property
    def guides(self) -> tuple[Guide, ...]:
        """The five guides."""
        return load_guides(Path(str(default_folder().parent / "articles")))

    @cached_property
    def pasted_from(self) -> Shingles:
        """Runs of words of the guides, by which pasted passages are told."""
        texts = [text for g in self.guides for p in g.passages for text in (p.idea, p.better, p.why, p.applies)]
        return frozenset(shingle for text in texts for shingle in shingles(text))

    @cached_property
    def index(self) -> Index:
        """The index over the guides and added articles, made where it is missing or out of date."""
        folder = self.settings.knowledge_folder
        return ensure_index(folder / "index", self.guides, load_added(folder / "added"), self.finder)

    @cached_property
    def phrases(self) -> Phrases:
        """The coach's phrase bank."""
        return Phrases.model_validate(yaml.safe_load((shipped(".") / "coach.yaml").read_text(encoding="utf-8")))

    @cached_property
    def rubric(self) -> dict[str, Principle]:
        """The five principles of the debrief."""
        loaded = yaml.safe_load((shipped(".") / "rubric.yaml").read_text(encoding="utf-8"))
        return {name: Principle.model_validate(value) for name, value in loaded.items()}

    @cached_property
    def default_lines(self) -> DefaultLines:
        """Lines for moments that a persona's file has none for, by manner."""
        lines: DefaultLines = {}
        for manner in ("brisk", "warm"):
            loaded = yaml.safe_load((shipped("lines") / f"{manner}.yaml").read_text(encoding="utf-8"))
            lines[manner] = {Occasion(name): tuple(said) for name, said in loaded.items()}
        return lines

    @cached_property
    def codes(self) -> dict[str, str]:
        """What each move is, one line each, for a model that reads or coaches."""
        return yaml.safe_load((shipped(".") / "codes.yaml").read_text(encoding="utf-8"))

    @cached_property
    def callers(self) -> Callers:
        """The models of the roles."""
        return Callers(self.settings, self._may_spend)

    def caller(self, role: Role) -> Caller | None:
        """The model of a role; None where the drafts and the embedded coach do it."""
        return self.callers.of(role)

    def _may_spend(self) -> None:
        limit = self.settings.spend_limit
        if limit is not None and self.store and self.store.spent().cost >= limit:
            raise Trouble(
                "spending limit", f"this month's spending limit of {limit:g} is reached; drafts speak instead"
            )

    def persona_ids(self) -> list[str]:
        """Ids of every persona on file."""
        return list(persona_paths(self.settings.own_personas))

    def persona(self, name: str) -> Persona:
        """A persona by id; UserError where there is none or its file is wrong."""
        with self._lock:
            if name not in self._personas:
                self._personas[name] = load_persona(name, self.settings.own_personas)
            return self._personas[name]

    def scenario(self, name: str) -> Scenario:
        """The scenario of a persona."""
        with self._lock:
            if name not in self._scenarios:
                self._scenarios[name] = load_scenario(self.persona(name), self.settings.own_personas)
            return self._scenarios[name]

    def ground(self, name: str) -> Ground:
        """The persona's file as vectors."""
        with self._lock:
            lock = self._making.setdefault(name, threading.Lock())
        with lock:
            if name not in self._grounds:
                folder = self.settings.home / "personas-ready"
                self._grounds[name] = load_ground(self.persona(name), self.embedder, folder)
            return self._grounds[name]

    def known(self, name: str) -> Known:
        """All that stands in the persona's file and scenario."""
        with self._lock:
            if name not in self._known:
                scene = self.scenario(name)
                self._known[name] = known_of(self.persona(name), [str(text) for text in scene.model_dump().values()])
            return self._known[name]

    def file_runs(self, name: str) -> FileRuns:
        """The runs of words of a persona's file, by which a leak is told."""
        with self._lock:
            if name not in self._runs:
                self._runs[name] = runs_of_file(self.persona(name))
            return self._runs[name]

    def prompt_of(self, persona: str, make: Callable[[], str]) -> str:
        """The stable part of a prospect's prompt, made once."""
        with self._lock:
            if persona not in self._prompts:
                self._prompts[persona] = make()
            return self._prompts[persona]

    def vectors_of(self, texts: Sequence[str]) -> Vectors:
        """A row a text; texts seen before are not encoded again."""
        if not texts:
            return np.zeros((0, 384), dtype=np.float32)
        with self._lock:
            if len(self._vectors) > KEPT_VECTORS:
                self._vectors.clear()
            for text in texts:
                if text not in self._vectors:
                    self._vectors[text] = self.embedder.encode([text])[0]
            return np.stack([self._vectors[text] for text in texts])

    def learn(self, text: str, vector: Vectors) -> None:
        """Keep a vector that was made on the way, so that it is not made again."""
        with self._lock:
            self._vectors[text] = vector

    def passages(self, heard: Heard, turn: Turn, found: Found) -> list[Hit]:
        """One to three passages of the guides for a note: by meaning, words and the move's code."""
        sources = [guide.source for guide in self.guides]
        if heard.is_silence:
            # There is no word to look up; what would have been something is a fact of the buyer's own.
            hits = search(self.index, NOTHING_SAID, codes=(Code.TAILORING,), k=1, sources=sources)
        else:
            text = found.quote or turn.rep[:300]
            hits = search(self.index, text, codes=(found.code,), k=3, sources=sources)
        return [hit for hit in hits if hit.passage][: 2 if len(hits) > 1 and hits[1].score > 0.9 * hits[0].score else 1]

    def start(
        self, persona: str, *, seed: int | None = None, depth: Depth = "standard", assessed: bool = False
    ) -> Session:
        """A new session, stored when there is a store."""
        buyer = self.persona(persona)
        seed = self.settings.seed if seed is None else seed
        session = Session(
            id=secrets.token_hex(8),
            persona=persona,
            scenario=self.scenario(persona).id,
            seed=secrets.randbelow(1_000_000) if seed is None else seed,
            depth=depth,
            assessed=assessed,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            closed=False,
            start=mind.start(buyer),
        )
        if self.store:
            self.store.add(session)
        return session

    def keep(self, session: Session, turn: Turn) -> Session:
        """The session one turn on, its turn stored whole when there is a store."""
        if self.store:
            self.store.append(session, turn)
        return session.with_turn(turn)

    def close(self, session: Session) -> Session:
        """The session ended by the rep."""
        if self.store:
            self.store.close(session.id)
        return session.model_copy(update={"closed": True})


def read_settings() -> Settings:
    """The settings of the environment; UserError for one that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]).upper()
        raise UserError(f"INERTIA_{name}: {first['msg']}; correct it in the environment or in .env") from None


def build(settings: Settings | None = None, *, stored: bool = True) -> Trainer:
    """A trainer; with `stored`, the database is brought up to date first."""
    settings = settings or read_settings()
    store = Store(settings.database_url) if stored else None
    return Trainer(settings, store)
