"""The parts of the page, laid out; what they do is in `app`, what they show in `views`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from ui import theme
from ui.html import fill, render

DEPTHS = [
    ("Brief: what landed, what to fix", "brief"),
    ("Standard: and what to say now", "standard"),
    ("Deep: and what moved, and why", "deep"),
]
MARK = '<p class="wordmark"><b>Inertia</b><span>practice for the call where nothing is wrong yet</span></p>'
CHOOSE = """
<header class="opening"><h1>Who do you want to talk to?</h1>
<p class="lead">Every buyer here is content with how things are. Find what would make them change,
in their words.</p></header>"""
VOICES = [("Drafted lines", "drafts"), ("Model", "model")]


@dataclass(frozen=True)
class Choosing:
    """The cards, the earlier sessions and the panel of the models."""

    view: gr.Column
    cards: gr.HTML
    pasts: gr.HTML
    models: gr.HTML
    voice: gr.Radio
    check: gr.Button
    told: gr.HTML


@dataclass(frozen=True)
class Preparing:
    """The scenario of a buyer, and how to be coached."""

    view: gr.Column
    buyer: gr.Textbox
    scenario: gr.HTML
    depth: gr.Radio
    assessed: gr.Checkbox
    start: gr.Button


@dataclass(frozen=True)
class Practising:
    """The call."""

    view: gr.Column
    brief: gr.HTML
    mind: gr.HTML
    transcript: gr.HTML
    live: gr.HTML
    problem: gr.HTML
    composer: gr.Column
    box: gr.Textbox
    send: gr.Button
    end: gr.Button
    over: gr.Column
    over_line: gr.HTML
    read: gr.Button


@dataclass(frozen=True)
class Reading:
    """The debrief."""

    view: gr.Column
    head: gr.HTML
    picture: gr.Plot
    body: gr.HTML
    again: gr.Button


@dataclass(frozen=True)
class Page:
    """Everything on the page that changes. `session` holds the id of the session in sight, or nothing."""

    session: gr.Textbox
    home: gr.Button
    notice: gr.HTML
    choosing: Choosing
    preparing: Preparing
    practising: Practising
    reading: Reading
    speaking: gr.HTML

    @property
    def parts(self) -> list[Any]:
        """Every part, for Gradio to know what an action may change."""
        groups = (self.choosing, self.preparing, self.practising, self.reading)
        inner = [getattr(group, part.name) for group in groups for part in fields(group)]
        return [self.session, self.home, self.notice, *inner, self.speaking]


def lay_out() -> Page:
    """Lay out the page inside the Blocks that are open."""
    # Held by the browser and sent along, so that an open page goes on after the server was started anew.
    session = gr.Textbox(visible="hidden", elem_id="session-id", label="session")
    with gr.Row(elem_id="top"):
        _html(render(fill(MARK)), elem_id="wordmark")
        home = gr.Button("All buyers", elem_id="home", visible=False, scale=0, min_width=120)
    notice = _html(elem_id="notice")
    views = _choosing(), _preparing(), _practising(), _reading()
    return Page(session, home, notice, *views, _html(elem_id="speaking"))


def _html(value: str = "", *, elem_id: str, js: str | None = None) -> gr.HTML:
    # Gradio's own rules for prose would fight the stylesheet.
    return gr.HTML(value, elem_id=elem_id, js_on_load=js, apply_default_css=False)


def _choosing() -> Choosing:
    with gr.Column(visible=False, elem_id="choosing") as view:
        _html(render(fill(CHOOSE)), elem_id="opening")
        cards = _html(elem_id="cards", js=theme.PICK)
        _html(render(fill('<h2 class="part">Your sessions</h2>')), elem_id="pasts-title")
        pasts = _html(elem_id="pasts", js=theme.OPEN)
        with gr.Accordion("Model", open=False, elem_id="model-panel"):
            models = _html(elem_id="models")
            check = gr.Button("Check", elem_id="check")
            told = _html(elem_id="model-told")
            voice = gr.Radio(VOICES, value="drafts", label="Who finds the words", elem_id="voice")
    return Choosing(view, cards, pasts, models, voice, check, told)


def _preparing() -> Preparing:
    with gr.Column(visible=False, elem_id="preparing") as view:
        buyer = gr.Textbox(visible="hidden", label="buyer")
        scenario = _html(elem_id="scenario")
        depth = gr.Radio(DEPTHS, value="standard", label="Feedback after each turn", elem_id="depth")
        assessed = gr.Checkbox(False, label="Assessed run: no feedback until the end", elem_id="assessed")
        start = gr.Button("Start the call", variant="primary", elem_id="start")
    return Preparing(view, buyer, scenario, depth, assessed, start)


def _practising() -> Practising:
    with gr.Column(visible=False, elem_id="practising") as view, gr.Row(elem_id="columns"):
        with gr.Column(elem_id="side"):
            brief = _html(elem_id="brief", js=theme.FIT_BRIEF)
            mind = _html(elem_id="mind", js=theme.KEEP_OPEN)
        with gr.Column(elem_id="stage"):
            transcript = _html(elem_id="transcript")
            live = _html(elem_id="live", js=theme.FOLLOW)
            problem = _html(elem_id="problem")
            with gr.Column(elem_id="composer") as composer:
                with gr.Row(elem_id="writing"):
                    box = gr.Textbox(
                        label="Your message",
                        lines=1,
                        max_lines=8,
                        placeholder="Say something …",
                        elem_id="message",
                        container=False,
                    )
                    send = gr.Button("Send", variant="primary", elem_id="send", scale=0, min_width=96)
                with gr.Row(elem_id="under"):
                    _html(
                        render(fill('<p class="keys">Enter sends, Shift+Enter makes a new line.</p>')), elem_id="keys"
                    )
                    end = gr.Button("End the call", elem_id="end", scale=0, min_width=130)
            with gr.Column(visible=False, elem_id="over") as over:
                over_line = _html(elem_id="over-line")
                read = gr.Button("Read the debrief", variant="primary", elem_id="read")
    return Practising(view, brief, mind, transcript, live, problem, composer, box, send, end, over, over_line, read)


def _reading() -> Reading:
    with gr.Column(visible=False, elem_id="reading") as view:
        head = _html(elem_id="debrief-head")
        picture = gr.Plot(label="The buyer's mind, turn by turn", show_label=False, elem_id="picture")
        body = _html(elem_id="debrief-body")
        again = gr.Button("Practise this buyer again", variant="primary", elem_id="again")
    return Reading(view, head, picture, body, again)
