"""What a persona's file lets its buyer say: from the first word, once it is earned, or once a step is near."""

from __future__ import annotations

from dataclasses import dataclass

from bot.persona import SLOT, Persona
from evals.role_errors.texts import Texts, remember_group


@dataclass(frozen=True)
class OnFile:
    """The texts of a file by when they may be said, secrets under their ids, and the counts of what it counts."""

    public: Texts
    secrets: tuple[tuple[str, Texts], ...]
    step: Texts
    counts: tuple[tuple[Texts, float], ...]

    @property
    def texts(self) -> Texts:
        """All of them."""
        return (*self.public, *(text for _, texts in self.secrets for text in texts), *self.step)


def on_file(persona: Persona) -> OnFile:
    """The texts of a persona as it is now; what is kept of them is kept by the texts, never by the persona."""
    step = persona.agrees_to
    counting = (*persona.brief, *persona.facts, *persona.consequences)
    return OnFile(
        public=_public(persona),
        secrets=tuple(_secrets(persona).items()),
        step=(step.step, step.condition, *step.why, *step.cost, *step.who, *step.yes, *step.not_yet),
        counts=tuple((figure.of, figure.value) for item in counting for figure in item.figures),
    )


def _secrets(persona: Persona) -> dict[str, Texts]:
    """Everything that must be earned, under the id by which the memory knows it."""
    guarded = [fact for fact in persona.facts if fact.guarded != "open"]
    needs = (*persona.needs.felt, *persona.needs.unknown)
    items = (*needs, *guarded, *persona.consequences, *persona.stakeholders)
    found = {item.id: (item.what, *item.says) for item in items}
    return found | {f"why:{n}": (why.what, *why.says) for n, why in enumerate(persona.whys)}


def _public(persona: Persona) -> Texts:
    """Everything that may be said from the first word."""
    quo = persona.status_quo
    texts = [item.text for item in persona.brief]
    for side in (quo.today, quo.comfort, quo.change_costs, quo.burned):
        texts += [side.what, *side.says]
    for item in (*persona.needs.said, *(fact for fact in persona.facts if fact.guarded == "open")):
        texts += [item.what, *item.says]
    asked = persona.questions
    texts += [*asked.dismissive, *asked.guarded, *asked.curious, *asked.concerned, *asked.ready]
    texts += [said for trigger in persona.triggers for said in trigger.says]
    texts += [said for says in persona.lines.values() for said in _filled(says)]
    role = f"{persona.name}, {persona.role}, {persona.company}, {persona.industry}"
    return (*texts, *persona.voice.samples, persona.voice.describe, persona.card, persona.picks_up, role)


@remember_group
def _filled(says: Texts) -> Texts:
    return tuple(SLOT.sub("it", said) for said in says)
