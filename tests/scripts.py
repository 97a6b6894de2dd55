"""The scripted reps of `tests/scripts/`."""

from __future__ import annotations

from pathlib import Path

from bot.cli import read_script

FOLDER = Path(__file__).parent / "scripts"
PERSONAS = ("dentist-owner", "freight-vp", "pharmacy-director", "plant-manager", "refinancing-couple", "software-cfo")


def script(name: str) -> list[str]:
    """The messages of a script."""
    return read_script(FOLDER / f"{name}.txt")
