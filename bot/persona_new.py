"""A persona file to fill in."""

from __future__ import annotations

import re
from pathlib import Path

from bot.errors import UserError
from bot.persona_file import persona_paths, shipped


def write_new(name: str, folder: Path) -> Path:
    """Write the template under a new id into a folder; UserError when the id is no id or is taken."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise UserError(f"persona id {name[:60]!r}: use small letters, digits and hyphens, as in night-shift")
    if name in persona_paths(folder):
        raise UserError(f"persona id {name!r}: is taken; choose another")
    template = (shipped(".") / "new_persona.yaml").read_text(encoding="utf-8")
    path = folder / f"{name}.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(template.replace("id: my-buyer", f"id: {name}", 1), encoding="utf-8")
    return path
