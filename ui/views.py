"""What the page shows in each of its states, as updates of its parts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import gradio as gr

from bot.build import Trainer
from bot.debrief import debrief
from bot.errors import UserError
from bot.models_check import Checked
from bot.persona import Persona
from bot.session import Session
from ui import charts, choose, models, practise, sessions
from ui import debrief as debriefing
from ui.html import fill, notice, render
from ui.page import Page
from ui.passages import passages_of
from ui.talk import store_of

log = logging.getLogger(__name__)

Updates = dict[Any, Any]
OVER = {
    "agreed_next_step": "{} agreed to a next step.",
    "ended_call": "{} ended the call.",
    "open": "The call with {} was ended.",
}


class Views:
    """The page's states; each method gives the updates that show one."""

    def __init__(self, page: Page, trainer: Trainer) -> None:
        self._page, self._trainer = page, trainer

    def choosing(self, problem: str = "") -> Updates:
        """The cards and the earlier sessions; a persona file that is wrong is said so, the others can be chosen."""
        personas, faults = self._personas()
        listed = sessions.listing(store_of(self._trainer).sessions(), {one.id: one for one in personas})
        page = self._page
        return {
            **self._only("choosing", session="", problem=" ".join([*([problem] if problem else []), *faults])),
            page.choosing.cards: choose.cards(personas),
            page.choosing.pasts: listed,
            **self.modelling(),
        }

    def modelling(self, checked: Sequence[Checked] = (), told: str = "") -> Updates:
        """The panel of the models, with what a check found; `told` is one line below it."""
        page = self._page.choosing
        return {
            page.models: models.panel(self._trainer, store_of(self._trainer), checked),
            page.voice: gr.update(value=models.voice(self._trainer), interactive=models.is_any_set(self._trainer)),
            page.check: gr.update(interactive=True),
            page.told: models.told_line(told),
            self._page.speaking: models.foot(self._trainer),
        }

    def preparing(self, buyer: str) -> Updates:
        """The scenario of a buyer."""
        persona, scene = self._trainer.persona(buyer), self._trainer.scenario(buyer)
        page = self._page
        return {
            **self._only("preparing", session=""),
            page.preparing.buyer: buyer,
            page.preparing.scenario: choose.scenario(persona, scene),
        }

    def session(self, name: str) -> Updates:
        """A session by id: its call while that goes on, its debrief afterwards."""
        session = store_of(self._trainer).load(name)
        return self.reading(session) if session.is_over else self.practising(session)

    def practising(self, session: Session) -> Updates:
        """The call."""
        persona = self._trainer.persona(session.persona)
        page = self._page.practising
        return {
            **self._only("practising", session=session.id),
            **self.turned(session),
            page.brief: practise.brief(persona, self._trainer.scenario(session.persona)),
            page.box: gr.update(value="", interactive=True, placeholder=f"Say something to {persona.first_name} …"),
        }

    def turned(self, session: Session) -> Updates:
        """The call after a turn: the talk, the mind, and the box, or the way to the debrief when it is over."""
        persona = self._trainer.persona(session.persona)
        page, stance = self._page.practising, session.turns[-1].stance if session.turns else session.mind.stance
        return {
            page.transcript: practise.talk(session, persona, passages_of(self._trainer)),
            page.live: "",
            page.problem: "",
            self._page.speaking: models.foot(self._trainer, session),
            page.mind: practise.mind(session.mind, stance),
            page.box: gr.update(value="", interactive=True),
            page.send: gr.update(interactive=True),
            page.end: gr.update(interactive=True),
            page.composer: gr.update(visible=not session.is_over),
            page.over: gr.update(visible=session.is_over),
            page.over_line: render(
                fill('<p class="over-line" role="status">{}</p>', OVER[session.outcome].format(persona.first_name))
            ),
        }

    def speaking(self, persona: Persona, message: str, spoken: str) -> Updates:
        """A turn that runs: the box is locked and keeps its text."""
        page = self._page.practising
        line: Updates = {page.live: practise.live(persona, message, spoken)}
        if spoken:
            return line
        locked = gr.update(interactive=False)
        return {**line, page.problem: "", page.box: locked, page.send: locked, page.end: locked}

    def refused(self, why: str) -> Updates:
        """A message that made no turn: the box keeps its text, one line says why."""
        page = self._page.practising
        unlocked = gr.update(interactive=True)
        return {page.live: "", page.problem: notice(why), page.box: unlocked, page.send: unlocked, page.end: unlocked}

    def reading(self, session: Session) -> Updates:
        """The debrief."""
        persona, shown = self._trainer.persona(session.persona), debrief(self._trainer, session)
        page = self._page
        return {
            **self._only("reading", session=session.id),
            page.speaking: models.foot(self._trainer, session),
            page.preparing.buyer: session.persona,
            page.reading.head: debriefing.head(shown, session, persona),
            page.reading.picture: gr.update(value=charts.mind_line(shown.points), visible=bool(session.turns)),
            page.reading.body: debriefing.body(shown, session, persona, passages_of(self._trainer)),
        }

    def _only(self, view: str, *, session: str, problem: str = "") -> Updates:
        """One view in sight; the others are emptied, so that nothing stands on the page twice."""
        page = self._page
        views = {
            "choosing": page.choosing,
            "preparing": page.preparing,
            "practising": page.practising,
            "reading": page.reading,
        }
        return {
            **{part.view: gr.update(visible=name == view) for name, part in views.items()},
            page.home: gr.update(visible=view != "choosing"),
            page.session: session,
            page.notice: notice(problem),
            page.speaking: models.foot(self._trainer),
            page.practising.transcript: "",
            page.practising.live: "",
            page.reading.head: "",
            page.reading.body: "",
        }

    def _personas(self) -> tuple[list[Persona], list[str]]:
        personas: list[Persona] = []
        faults: list[str] = []
        for name in self._trainer.persona_ids():
            try:
                personas.append(self._trainer.persona(name))
            except UserError as error:
                log.warning("a persona is left out: %s", error)
                faults.append(str(error))
        return personas, faults
