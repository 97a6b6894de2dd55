"""The drafted line, spoken as it is: no model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.plan import Plan

NAME = "drafted lines, no model"


def speak(plan: Plan) -> Iterator[str]:
    """The draft's words one by one, white space kept, so that joined they are the line."""
    yield from re.findall(r"\S+\s*", plan.draft)
