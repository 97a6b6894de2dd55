"""Choosing a buyer: the cards, and what one should know before the call starts."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from bot.persona import Persona, Scenario
from ui.html import fill, join, render

LEVELS = {"easy": 1, "medium": 2, "hard": 3}

CARD = """
<li><button type="button" class="card" data-pick="{id}">
  <span class="card-top"><span class="card-name">{name}</span>{level}</span>
  <span class="card-where">{role}, {company}</span>
  <span class="card-text">{card}</span>
  <span class="card-practise"><b>Practise</b> {practise}</span>
  <span class="card-foot"><span class="tag">{industry}</span><span class="tag">{phase} phase</span></span>
</button></li>"""

LEVEL = '<span class="level level-{level}"><span class="dots" aria-hidden="true">{dots}</span>{level}</span>'

SCENARIO = """
<article class="scenario">
  <p class="eyebrow">{title}</p>
  <h1>{name}</h1>
  <p class="where">{role}, {company} · {level}</p>
  <p class="lead">{how}</p>
  <dl class="facts">
    <div><dt>You are</dt><dd>{rep_is}</dd></div>
    <div><dt>You offer</dt><dd>{rep_offers}</dd></div>
    <div><dt>A good ending</dt><dd>{good_ending}</dd></div>
    <div><dt>What to practise</dt><dd>{practise}</dd></div>
  </dl>
</article>"""


def level(difficulty: str) -> Markup:
    """How hard a buyer is: a word, with one to three dots before it."""
    filled = LEVELS.get(difficulty, 0)
    return fill(LEVEL, level=difficulty, dots="●" * filled + "○" * (3 - filled))


def cards(personas: Sequence[Persona]) -> str:
    """A button for each buyer, the easy ones first."""
    ordered = sorted(personas, key=lambda one: (LEVELS.get(one.difficulty, 0), one.name))
    return render(fill('<ul class="cards">{}</ul>', join(_card(one) for one in ordered)))


def _card(one: Persona) -> Markup:
    return fill(
        CARD,
        id=one.id,
        name=one.name,
        level=level(one.difficulty),
        role=one.role,
        company=one.company,
        card=one.card,
        practise=one.practise,
        industry=one.industry,
        phase=one.journey_phase,
    )


def scenario(persona: Persona, scene: Scenario) -> str:
    """The situation of the call that is about to start."""
    return render(
        fill(
            SCENARIO,
            title=scene.title,
            name=persona.name,
            role=persona.role,
            company=persona.company,
            level=level(scene.difficulty),
            how=scene.how_it_came_about,
            rep_is=scene.rep_is,
            rep_offers=scene.rep_offers,
            good_ending=scene.good_ending,
            practise=persona.practise,
        )
    )
