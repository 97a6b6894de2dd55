"""The words of the simulated reps: one file a buyer, one a way of selling, and the slots in their lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

import yaml

WORDS = Path(__file__).parent / "words"
SLOT = re.compile(r"\{(first_name|theirs|offer|who|item)\}")

Words = Mapping[str, tuple[str, ...]]


@cache
def load_words(name: str) -> Words:
    """The groups of a words file and their lines."""
    path = WORDS / f"{name}.yaml"
    if not path.is_file():
        raise ValueError(f"no words for {name!r}; write {path}")
    read = cast("dict[str, object]", yaml.safe_load(path.read_text(encoding="utf-8")))
    return {group: tuple(cast("list[str]", lines)) for group, lines in read.items() if group != "persona"}


def buyer_words(buyer_id: str, brief: tuple[str, ...]) -> Words:
    """What a skilled rep can say to this buyer: from their file, or in plain frames round the items of the brief."""
    return load_words(buyer_id) if (WORDS / f"{buyer_id}.yaml").is_file() else _plain_words(brief)


def words_of(policy: str, buyer_id: str, brief: tuple[str, ...]) -> Words:
    """The groups that a policy draws from, for this buyer."""
    if policy == "expert":
        return buyer_words(buyer_id, brief)
    if policy == "competent":
        novice = load_words("novice")
        return {**buyer_words(buyer_id, brief), "claim": novice["claim"], "pitch": novice["pitch"]}
    own = load_words(policy)
    if policy == "guide":
        return {**own, "who": load_words("plain")["who"]}
    if policy == "novice":
        skilled = buyer_words(buyer_id, brief)
        better = {"insight": skilled["insight"], "their_explore": skilled["explore"]}
        return {**own, **better, "who": load_words("plain")["who"]}
    return own


def _plain_words(brief: tuple[str, ...]) -> Words:
    """The frames with each item of the brief in them; questions that fit any buyer come from the guide's file."""
    frames, guide = load_words("plain"), load_words("guide")
    items = [f"{item.rstrip('.')}." for item in brief]
    filled = {
        group: tuple(
            fill(line, {"item": item}) for line in lines for item in (items if "{item}" in line else items[:1])
        )
        for group, lines in frames.items()
    }
    return {**filled, **{group: guide[group] for group in ("explore", "why", "reflect", "buying")}}


def fill(line: str, slots: Mapping[str, str]) -> str:
    """The line with its known slots filled in one pass, so that what fills a slot is never read for slots."""
    return SLOT.sub(lambda match: slots.get(match.group(1), match.group(0)), line)


def offer_of(rep_offers: str) -> str:
    """What the rep offers as a phrase for the middle of a sentence: up to the first comma."""
    return re.sub(r"\byour\b", "our", _phrase(rep_offers))


def who_of(rep_is: str) -> str:
    """Who the rep is, as the rep would say it: the first phrase, with an article and without the word invented."""
    said = re.sub(r"^you (\w+)", r"somebody who \1s", _phrase(rep_is))
    said = re.sub(r"\(invented\)|\binvented\b", "", said)
    said = re.sub(r"\ban?\s+(?=(\w))", lambda match: _article(match.group(1)), " ".join(said.split()))
    return said if re.match(r"(a|an|the|one|some\w*)\b", said) else _article(said) + said


def _article(word: str) -> str:
    return "an " if word[:1].lower() in "aeiou" else "a "


def _phrase(text: str) -> str:
    text = re.split(r"[.,;](?=\s|$)", " ".join(text.split()))[0]
    first = text.split(" ", 1)[0]
    return text if first[1:].lower() != first[1:] else text[:1].lower() + text[1:]
