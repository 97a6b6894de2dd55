"""A persona's file made ready for hearing: everything a message can be about, as vectors, kept on disk once made."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from bot.persona import Persona
from knowledge.encoder import Encoder, Vectors

log = logging.getLogger(__name__)

# What anybody may ask of how things are, whatever the trade; a persona's own facts are nearer where they fit.
SIDE_ASKS = {
    "today": (
        "How do you do it at the moment?",
        "How does it work with you today, in practice?",
        "How is it done now?",
    ),
    "comfort": ("What do you like about how it works now?", "Are you happy with how it is?", "What works well?"),
    "change_costs": (
        "What would make it hard to change?",
        "What would changing it take?",
        "What stops you from changing?",
    ),
    "burned": ("Have you tried to change it before?", "What happened the last time somebody changed it?"),
}


@dataclass(frozen=True)
class Ground:
    """A persona's file made ready once: rows of `vectors` belong to `refs` (group, id) in order.

    `names` leads from a small-letter name to the stakeholder; `coached` has a vector for each coached line, `says` for
    each of the buyer's own about how things are, what staying costs, their needs and their people.
    """

    refs: tuple[tuple[str, str], ...]
    vectors: Vectors
    names: dict[str, str]
    coached: dict[str, Vectors]
    says: dict[str, Vectors]


# The question behind the second rule, in the shapes that everybody has heard.
FISHING_ASKS = (
    "What keeps you up at night?",
    "What are your biggest challenges at the moment?",
    "What are your main pain points?",
    "What are you struggling with right now?",
    "If you could change one thing, what would it be?",
    "What would you like to improve?",
)


def load_ground(persona: Persona, encoder: Encoder, folder: Path) -> Ground:
    """The ground of a persona, from `folder` where it was made before from the same file and encoder."""
    subjects = _subjects(persona)
    lines = [line.text for group in persona.coaching.values() for line in group]
    says = _says(persona)
    texts = [*(text for _, _, text in subjects), *lines, *says]
    vectors = _kept_vectors(texts, encoder, folder)
    names = {name.lower(): item.name for item in persona.stakeholders for name in _names(item.name)}
    refs = tuple((group, name) for group, name, _ in subjects)
    said = len(refs) + len(lines)
    coached = dict(zip(lines, vectors[len(refs) : said], strict=True))
    return Ground(refs, vectors[: len(refs)], names, coached, dict(zip(says, vectors[said:], strict=True)))


def _kept_vectors(texts: list[str], encoder: Encoder, folder: Path) -> Vectors:
    key = hashlib.sha256("\x00".join([encoder.fingerprint, *texts]).encode()).hexdigest()[:24]
    path = folder / f"{key}.npy"
    try:
        kept = np.load(path, allow_pickle=False)
        if kept.shape == (len(texts), encoder.dimensions):
            return kept
    except FileNotFoundError:
        pass
    except (OSError, ValueError, BadZipFile, EOFError) as error:
        log.warning("the kept vectors %s cannot be read and are made anew", path.name, exc_info=error)
    vectors = encoder.encode(texts)
    _keep(path, vectors)
    return vectors


def _keep(path: Path, vectors: Vectors) -> None:
    """Write them for the next start; without room for it the session goes on, only slower to begin."""
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("wb") as file:
            np.save(file, vectors, allow_pickle=False)
        scratch.replace(path)
    except OSError as error:
        log.warning("vectors of a persona could not be kept", exc_info=error)
        scratch.unlink(missing_ok=True)


def _subjects(persona: Persona) -> list[tuple[str, str, str]]:
    rows = [("brief", item.id, item.text) for item in persona.brief]
    for side, asks in SIDE_ASKS.items():
        rows += [("status_quo", side, text) for text in (getattr(persona.status_quo, side).what, *asks)]
    for need in persona.all_needs:
        rows += [("need", need.id, text) for text in (need.what, *need.unlocked_by.about)]
    for fact in persona.facts:
        rows += [("fact", fact.id, text) for text in (f"{fact.topic}: {fact.what}", *fact.asks)]
    for one in persona.consequences:
        rows += [("consequence", one.id, text) for text in (one.what, *one.about)]
    rows += [("stakeholder", one.id, f"{one.name}, {one.role}") for one in persona.stakeholders]
    rows += [("fishing", "fishing", text) for text in FISHING_ASKS]
    rows += [("why", str(depth), why.what) for depth, why in enumerate(persona.whys)]
    for trigger in persona.triggers:
        rows += [("trigger", trigger.id, text) for text in trigger.about]
    return rows


def _says(persona: Persona) -> list[str]:
    sides = [getattr(persona.status_quo, side) for side in SIDE_ASKS]
    groups = (*sides, *persona.all_needs, *persona.consequences, *persona.stakeholders)
    return [line for one in groups for line in one.says]


def _names(name: str) -> list[str]:
    parts = [
        p for p in re.findall(r"[A-Za-z][\w'-]+", name) if p.lower() not in ("the", "and", "dr", "mr", "mrs", "ms")
    ]
    return [p for p in parts if p[0].isupper()]
