"""The list of earlier sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from bot.persona import Persona
from bot.store import Listed
from ui.html import OUTCOMES, count, fill, join, moment, render

ROW = """
<li><button type="button" class="past" data-session="{id}">
  <span class="past-who">{who}</span>
  <span class="past-when">{when} · {turns}</span>
  <span class="past-how past-{kind}">{how}</span>
  <span class="past-go">{go}</span>
</button></li>"""


def listing(sessions: Sequence[Listed], personas: Mapping[str, Persona]) -> str:
    """A button for each session, newest first; without any, a line that says so."""
    if not sessions:
        return render(Markup('<p class="empty">No session yet. The first one you start will be kept here.</p>'))
    return render(fill('<ul class="pasts">{}</ul>', join(_row(one, personas) for one in sessions)))


def _row(one: Listed, personas: Mapping[str, Persona]) -> Markup:
    persona = personas.get(one.persona)
    is_over = one.closed or one.outcome != "open"
    return fill(
        ROW,
        id=one.id,
        who=persona.name if persona else one.persona,
        when=moment(one.started),
        turns=count(one.turns, "turn"),
        kind=one.outcome if is_over else "running",
        how=OUTCOMES.get(one.outcome, one.outcome) if is_over else "Still running",
        go="Read the debrief" if is_over else "Go on",
    )
