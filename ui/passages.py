"""The passages of the guides that feedback cites, each a dialog that its button opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from bot.build import Trainer
from bot.session import Citation
from ui.html import fill, join

DIALOG = """
<div id="passage-{ref}" class="passage" popover="auto" role="dialog" aria-labelledby="passage-{ref}-title">
  <header><p class="eyebrow">From the guides</p><h2 id="passage-{ref}-title">{title}</h2></header>
  <p class="lead">{idea}</p>
  <dl class="facts">
    <div><dt>When</dt><dd>{applies}</dd></div>
    <div><dt>Weak, in {field}</dt><dd class="weak">“{weak}”</dd></div>
    <div><dt>Better</dt><dd class="better">“{better}”</dd></div>
    <div><dt>Why</dt><dd>{why}</dd></div>
  </dl>
  <footer><span class="ref">{id}, after: {guide}</span>
  <button type="button" class="plain" popovertarget="passage-{ref}" popovertargetaction="hide">Close</button></footer>
</div>"""
OPENER = '<button type="button" class="cite" popovertarget="passage-{}" aria-haspopup="dialog">{}</button>'


@dataclass(frozen=True)
class Passage:
    """What is shown of a passage."""

    id: str
    title: str
    guide_title: str
    idea: str
    applies: str
    field: str
    weak: str
    better: str
    why: str


Passages = Mapping[str, Passage]


def passages_of(trainer: Trainer) -> Passages:
    """Every passage of the trainer's guides by its id."""
    return {
        one.id: Passage(
            id=one.id,
            title=one.title,
            guide_title=one.guide_title,
            idea=one.idea,
            applies=one.applies,
            field=one.field,
            weak=one.weak,
            better=one.better,
            why=one.why,
        )
        for guide in trainer.guides
        for one in guide.passages
    }


def opener(one: Citation, passages: Passages, *, is_deep: bool) -> Markup:
    """The button that opens a cited passage, with its idea when deep; plain text where it is no longer on file."""
    if one.id not in passages:
        return fill('<p class="cite-plain">{} ({})</p>', one.title, one.id)
    button = fill(OPENER, _ref(one.id), one.title)
    return button + fill('<p class="cite-idea">{}</p>', passages[one.id].idea) if is_deep else button


def dialogs(ids: Iterable[str], passages: Passages) -> Markup:
    """A dialog for each passage, once."""
    return join(_dialog(passages[name]) for name in dict.fromkeys(ids) if name in passages)


def _dialog(one: Passage) -> Markup:
    return fill(
        DIALOG,
        ref=_ref(one.id),
        id=one.id,
        guide=one.guide_title,
        title=one.title,
        idea=one.idea,
        applies=one.applies,
        field=one.field,
        weak=one.weak,
        better=one.better,
        why=one.why,
    )


def _ref(name: str) -> str:
    return name.replace("/", "-")
