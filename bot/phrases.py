"""The coach's phrase bank and the rubric, from `prompts/coach.yaml` and `prompts/rubric.yaml`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from bot.moves import Code


class Principle(BaseModel):
    """One of the five principles, for the debrief."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    asks: str
    shown_by: tuple[Code, ...]
    broken_by: tuple[Code, ...]


class Principles(BaseModel):
    """A line for each principle, and which one each code is most about."""

    model_config = ConfigDict(frozen=True, extra="allow")

    codes: dict[Code, str]


class Phrases(BaseModel):
    """Every sentence frame of the coach, by group and key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    landed: dict[str, tuple[str, ...]]
    fix: dict[str, tuple[str, ...]]
    nothing_to_fix: dict[str, tuple[str, ...]]
    not_evidenced: tuple[str, ...]
    held: tuple[str, ...]
    next: dict[str, tuple[str, ...]]
    principles: dict[str, str | dict[Code, str]]

    def lines(self, group: str, key: str | None) -> tuple[str, ...]:
        """The frames of a group, or of one key of it; KeyError names what the bank lacks."""
        bank = getattr(self, group)
        return bank if key is None else bank[key]

    def principle_of(self, code: Code) -> str:
        """The source id of the principle that a code is most about."""
        codes = self.principles["codes"]
        assert isinstance(codes, dict)
        return codes.get(code, "guiding-not-getting")
