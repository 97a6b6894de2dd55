"""One trainer for the whole suite (it holds no session), and sessions in folders that go away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.build import Trainer, build
from bot.session import Session
from bot.settings import Settings
from bot.store import Store
from bot.turn import play_turn


@pytest.fixture(scope="session")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """The embedded default, without a store."""
    return build(Settings(home=tmp_path_factory.mktemp("home")), stored=False)


@pytest.fixture
def keeping(trainer: Trainer, tmp_path: Path) -> Trainer:
    """A trainer with a store of its own that shares the loaded models."""
    return replace(trainer, store=Store(f"sqlite:///{tmp_path / 'sessions.sqlite'}"))


def with_settings(trainer: Trainer, settings: Settings, store: Store | None = None) -> Trainer:
    """A trainer of other settings that shares what is loaded, but no model: each has its own failures."""
    fresh = replace(trainer, settings=settings, store=store)
    loaded = {name: part for name, part in vars(trainer).items() if name != "callers" and name not in vars(fresh)}
    vars(fresh).update(loaded)
    return fresh


Play = Callable[..., Session]


@pytest.fixture(scope="session")
def play(trainer: Trainer) -> Play:
    """Play messages against a persona; the same play is not played twice."""
    played: dict[tuple[str, tuple[str, ...], int], Session] = {}

    def run(persona: str, messages: list[str], seed: int = 1) -> Session:
        key = (persona, tuple(messages), seed)
        if key not in played:
            played[key] = once(*key)
        return played[key]

    def once(persona: str, messages: tuple[str, ...], seed: int) -> Session:
        session = trainer.start(persona, seed=seed)
        for message in messages:
            if session.is_over:
                break
            session = play_turn(trainer, session, message)
        return session

    return run
