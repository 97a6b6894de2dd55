"""Prompt templates: files with the variables they require, filled with text that cannot forge their structure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from string import Template

import yaml

# What frames a prompt or a chat template; a person's words need none of it.
FORGING = str.maketrans(
    {"<": "‹", ">": "›", "|": "¦", "«": "“", "»": "”", "`": "'", "[": "(", "]": ")", "{": "(", "}": ")"}
)
HEADING = re.compile(r"#{2,}|={3,}|-{3,}|\*{3,}|~{3,}|_{3,}")
# Beyond control, format and surrogate characters: fillers, joiners and variation selectors, which also show nothing.
UNSEEN = frozenset(map(chr, (0x034F, 0x115F, 0x1160, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))


class TemplateError(ValueError):
    """A template and what fills it do not fit together."""


@dataclass(frozen=True)
class Prompt:
    """A template: a stable part, which is the same for a whole session, and one for the moment."""

    name: str
    stable: Template
    moment: Template
    requires: frozenset[str]
    hash: str

    def fill_stable(self, **values: str) -> str:
        """The stable part; TemplateError where a variable is missing or not known."""
        return self._fill(self.stable, values)

    def fill_moment(self, **values: str) -> str:
        """The part for the moment; TemplateError where a variable is missing or not known."""
        return self._fill(self.moment, values)

    def _fill(self, part: Template, values: dict[str, str]) -> str:
        wanted = set(part.get_identifiers())
        if wanted != set(values):
            raise TemplateError(f"{self.name}: wants {sorted(wanted)}, was given {sorted(values)}")
        return part.substitute({key: as_data(value, lines=True) for key, value in values.items()}).strip()


@lru_cache(maxsize=8)
def load(name: str) -> Prompt:
    """A template by name, from prompts/templates; TemplateError where it does not use exactly what it declares."""
    text = files("prompts").joinpath("templates", f"{name}.md").read_text(encoding="utf-8")
    parts = re.split(r"^---$\n?", text, flags=re.MULTILINE)
    if len(parts) != 4:
        raise TemplateError(f"{name}: has to have a head, a stable part and one for the moment between lines of ---")
    try:
        requires = frozenset(str(variable) for variable in yaml.safe_load(parts[1])["requires"])
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise TemplateError(f"{name}: its head has to be YAML with a list `requires`") from error
    stable, moment = Template(parts[2]), Template(parts[3])
    if not (stable.is_valid() and moment.is_valid()):
        raise TemplateError(f"{name}: holds a $ that begins no variable; write $$ for the sign itself")
    used = frozenset((*stable.get_identifiers(), *moment.get_identifiers()))
    if used != requires:
        raise TemplateError(f"{name}: declares {sorted(requires)}, uses {sorted(used)}")
    return Prompt(name, stable, moment, requires, hashlib.sha256(text.encode()).hexdigest()[:12])


def as_data(text: str, *, lines: bool = False) -> str:
    """Text without anything that frames a prompt: one line unless `lines`, no markers, no invisible characters."""
    plain = unicodedata.normalize("NFKC", text)
    kept = plain.split("\n") if lines else [plain]
    return "\n".join(_plain(line) for line in kept).strip()


def _plain(line: str) -> str:
    seen = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") or c in UNSEEN else c for c in line)
    return re.sub(r"[^\S\n]+", " ", HEADING.sub(" ", seen.translate(FORGING))).strip()
