"""Pieces of HTML: everything that was typed or read from a file is escaped here, and cleaned once more as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import nh3
from markupsafe import Markup

TAGS = {
    "article",
    "aside",
    "b",
    "br",
    "button",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "footer",
    "h1",
    "h2",
    "h3",
    "header",
    "li",
    "main",
    "meter",
    "nav",
    "ol",
    "p",
    "q",
    "section",
    "span",
    "strong",
    "summary",
    "ul",
}
EVERYWHERE = {"class", "id", "role", "dir", "tabindex", "title"}
ATTRIBUTES = {
    "*": EVERYWHERE,
    "button": {"type", "popovertarget", "popovertargetaction"},
    "details": {"open"},
    "div": {"popover"},
    "meter": {"min", "max", "value"},
}

MOVES = {
    "insight": "insight",
    "tailoring": "tailoring",
    "consequence": "consequence",
    "vision": "vision",
    "open_question": "open question",
    "why_probe": "why probe",
    "unknowns": "unknowns",
    "reflection": "reflection",
    "permission": "permission",
    "buying_process": "buying process",
    "next_step": "next step",
    "pitch": "pitch",
    "generic_claim": "generic claim",
    "pressure": "pressure",
    "telling": "telling",
    "pain_fishing": "pain fishing",
    "flattery": "flattery",
    "rebuttal": "rebuttal",
    "other": "other",
}
OUTCOMES = {"agreed_next_step": "Agreed a next step", "ended_call": "Ended the call", "open": "Left open"}
STANCES = {
    "dismissive": "Dismissive: wants this over",
    "guarded": "Guarded: polite, and giving nothing away",
    "curious": "Curious: listening, not yet moved",
    "concerned": "Concerned: weighing what staying would cost",
    "ready": "Ready: would take a small step",
    "ended_call": "Has ended the call",
    "agreed_next_step": "Has agreed to a next step",
}
LAYERS = {
    "said": "said",
    "felt": "felt",
    "unknown": "not known before",
    "consequence": "what staying costs",
    "why": "why it matters",
    "fact": "a fact",
    "stakeholder": "who must be in it",
}

_AS_TEXT = str.maketrans({"{": "&#123;", "}": "&#125;", "$": "&#36;", "`": "&#96;", "\\": "&#92;"})


def render(markup: Markup) -> str:
    """Composed markup as a string for the page, with every tag and attribute that we do not write ourselves taken out.

    Signs that mean something to a template are written as character references.
    """
    clean = nh3.clean(
        str(markup),
        tags=TAGS,
        attributes=ATTRIBUTES,
        generic_attribute_prefixes={"aria-", "data-"},
        link_rel=None,
        url_schemes=set(),
    )
    return clean.translate(_AS_TEXT)


def fill(template: str, *values: object, **named: object) -> Markup:
    """A template of ours with values put in, each escaped unless it is markup already."""
    return Markup(template).format(*values, **named)


def join(pieces: Iterable[Markup]) -> Markup:
    """Pieces one after the other."""
    return Markup("").join(pieces)


def notice(text: str) -> str:
    """One line that says what is wrong or what to do; empty text clears it."""
    return render(fill('<p class="notice" role="alert">{}</p>', text)) if text else ""


def move_name(code: str) -> str:
    """A move in words."""
    return MOVES.get(code, code.replace("_", " "))


def moment(iso: str) -> str:
    """A stored moment as a person reads it, in UTC: "22 Nov 2026, 02:16 UTC"; what is no moment is given back."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{when.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def count(number: int, noun: str) -> str:
    """A number with its noun: "1 turn", "3 turns"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
