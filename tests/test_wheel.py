"""The wheel carries everything, and the command works from it in an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(out),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("inertia-*.whl"))


def test_the_wheel_carries_prompts_personas_guides_encoder_and_reader(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "prompts/personas/freight-vp.yaml",
        "prompts/scenarios/dentist-owner-first-call.yaml",
        "prompts/lines/warm.yaml",
        "prompts/coach.yaml",
        "prompts/new_persona.yaml",
        "knowledge/articles/need-to-change.md",
        "knowledge/encoder/model.onnx",
        "knowledge/encoder/LICENSE",
        "knowledge/finder/model.onnx",
        "knowledge/finder/LICENSE",
        "bot/assessor/model/reader.onnx",
        "bot/migrations/versions/0001_sessions_and_turns.py",
        "ui/style.css",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "bot/assessor/data/"))]


def test_the_command_works_from_the_wheel_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    place, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    environment = {**os.environ, "PYTHONPATH": str(place), "INERTIA_HOME": str(tmp_path / "home")}
    code = "import bot, sys; sys.stderr.write(bot.__file__); from bot.cli import main; main()"

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *words]
        return subprocess.run(command, capture_output=True, text=True, cwd=empty, env=environment, check=True)

    listed = run("personas", "list", "--json")
    assert str(place) in listed.stderr
    assert len(json.loads(listed.stdout)) == 6
    (tmp_path / "s.txt").write_text("How do you plan the nine trunks?\n", encoding="utf-8")
    played = json.loads(run("play", "--persona", "freight-vp", "--script", str(tmp_path / "s.txt"), "--json").stdout)
    assert played["turns"][0]["feedback"]["landed"]["citations"]
