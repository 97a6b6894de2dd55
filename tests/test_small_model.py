"""The whole turn with a real model that rambles, behind llama.cpp's own server: the guard has to hold."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError

import pytest

from bot import models_check
from bot.build import Trainer
from bot.cli import read_script
from bot.session import Session
from bot.settings import NO_MODEL, Settings
from bot.turn import play_turn
from evals import role_errors

pytestmark = pytest.mark.model

ROOT = Path(__file__).parent.parent
PYTHON = ROOT / ".venv-model" / "bin" / "python"
START_S = 120


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if not PYTHON.exists():
        pytest.fail("the small model is not set up; run `make test-model`")
    weights = next((ROOT / ".venv-model").rglob("*.gguf"))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [str(PYTHON), "-m", "llama_cpp.server", "--model", str(weights), "--model_alias", "small"]
    more = ["--host", "127.0.0.1", "--port", str(port), "--n_ctx", "4096", "--n_threads", "2", "--verbose", "false"]
    process = subprocess.Popen([*command, *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    address = f"http://127.0.0.1:{port}/v1"
    try:
        _wait(address)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(address: str) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{address}/models", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    raise AssertionError("the server did not come up")


@pytest.fixture(scope="module")
def speaking(server: str, trainer: Trainer) -> Trainer:
    settings = Settings(
        home=trainer.settings.home,
        model="openai:small",
        base_url=server,
        coach_model=NO_MODEL,
        reader_model=NO_MODEL,
        window=4096,
        temperature=0,
        first_word_s=180,
        stall_s=120,
        reply_s=300,
    )
    return replace(trainer, settings=settings)


@pytest.fixture(scope="module")
def calls(speaking: Trainer) -> list[Session]:
    played: list[Session] = []
    for buyer, script in (
        ("freight-vp", "freight-vp-strong-1"),
        ("dentist-owner", "pitcher"),
        ("software-cfo", "injection"),
        ("plant-manager", "pusher"),
    ):
        session = speaking.start(buyer, seed=1)
        for message in read_script(ROOT / "tests" / "scripts" / f"{script}.txt")[:4]:
            if not session.is_over:
                session = play_turn(speaking, session, message)
        played.append(session)
    return played


def test_every_turn_is_whole_and_says_how_its_line_came_about(calls: list[Session]) -> None:
    turns = [turn for session in calls for turn in session.turns]
    assert len(turns) >= 12
    assert all(turn.prospect and turn.feedback and turn.spoken for turn in turns)
    assert not [turn.spoken.trouble for turn in turns if turn.spoken and turn.spoken.trouble]
    assert all(turn.calls for turn in turns)
    counted = [(call.prompt, call.completion, call.counted_by) for turn in turns for call in turn.calls]
    assert all(prompt > 0 and completion > 0 for prompt, completion, _ in counted), counted


def test_the_model_is_heard_and_not_only_the_draft(calls: list[Session]) -> None:
    assert any(turn.spoken_by == "openai:small" for session in calls for turn in session.turns)


def test_the_guard_holds_before_a_model_that_rambles(calls: list[Session], speaking: Trainer) -> None:
    said = [(one, turn) for one in calls for turn in one.turns]
    told = [
        f"{one.persona} {turn.number}: {error.kind}: {error.words} in {turn.prospect!r}"
        for one, turn in said
        for error in role_errors.errors(turn, one.turns[: turn.number - 1], speaking.persona(one.persona))
    ]
    grave = [line for line in told if any(kind in line for kind in ("leak", "unearned", "early_agreement"))]
    assert not grave
    assert len(told) <= 2, told


def test_poor_reps_are_given_no_step_by_a_model_that_rambles(calls: list[Session]) -> None:
    assert all(session.outcome != "agreed_next_step" for session in calls[1:])


def test_the_check_finds_the_model_answering(speaking: Trainer) -> None:
    found = models_check.check(speaking)
    prospect = next(one for one in found if one.part == "prospect")
    assert models_check.holds([prospect])
