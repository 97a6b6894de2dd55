"""The page at work: what each of its parts does, and the server."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.build import Trainer
from bot.errors import UserError
from bot.models_check import check
from bot.persona import Persona
from bot.session import Depth
from ui import models, theme
from ui.html import notice
from ui.page import Page, lay_out
from ui.talk import AT_ONCE, BUSY, Busy, Finished, Refused, Speaking, Talk, explain, store_of
from ui.views import Updates, Views

log = logging.getLogger(__name__)

WARM_AFTER_S = 0.1
WARM_PAUSE_S = 0.1
# Open pages hold a connection each, and would hold the server up for as long as they stay open.
STOP_WITHIN_S = 2
# The browser itself refuses whatever the page would fetch from another machine, or send there.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)


def build_page(trainer: Trainer) -> gr.Blocks:
    """The page over a trainer with a store."""
    with gr.Blocks(title="Inertia", analytics_enabled=False, fill_width=True) as blocks:
        page = lay_out()
        _wire(blocks, page, Actions(page, trainer))
    blocks.queue(default_concurrency_limit=AT_ONCE, api_open=False)
    return blocks


def build_app(trainer: Trainer) -> FastAPI:
    """The page as an application that a server can serve; the trainer's heavy parts are loaded once it is up."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_warming(trainer))
    app.add_middleware(Guarded)
    return gr.mount_gradio_app(
        app,
        build_page(trainer),
        "/",
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        show_error=False,
        theme=theme.build_theme(),
        css=theme.stylesheet(),
        head=theme.HEAD,
    )


def serve(
    trainer: Trainer, host: str = "127.0.0.1", port: int = 7860, on_ready: Callable[[str], None] | None = None
) -> None:
    """Serve the page until interrupted; `on_ready` is given its address. UserError when the port cannot be had."""
    listening = _listen(host, port)
    app = build_app(trainer)
    if on_ready:
        on_ready(f"http://{host}:{listening.getsockname()[1]}")
    uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=STOP_WITHIN_S)
    ).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        raise UserError(
            f"{host}:{port}: cannot be listened on ({error}); choose another with --port or --host"
        ) from error


class Guarded:
    """Sends the policy with every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the policy on it."""

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [
                    *message.get("headers", []),
                    (b"content-security-policy", POLICY.encode()),
                    (b"referrer-policy", b"no-referrer"),
                ]
                message = {**message, "headers": kept}
            await send(message)

        await self._app(scope, receive, with_policy if scope["type"] == "http" else send)


def _warming(trainer: Trainer) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        # Beside the server, for the page answers before the encoder and the index are there.
        stopped = threading.Event()
        timer = threading.Timer(WARM_AFTER_S, warm, (trainer, stopped))
        timer.daemon = True
        timer.start()
        yield
        timer.cancel()
        # A process must not end while a thread of it is still loading.
        stopped.set()
        await asyncio.to_thread(timer.join)

    return lifespan


def warm(trainer: Trainer, stopped: threading.Event) -> None:
    """Load what the first page needs, then what the first turn needs; a fault is logged, and shows where it is used."""
    names = trainer.persona_ids()
    parts = ("default_lines", "guides", "embedder", "finder", "reader", "index", "phrases", "rubric", "pasted_from")
    loads: list[Callable[[], object]] = [partial(trainer.persona, name) for name in names]
    loads += [partial(getattr, trainer, part) for part in parts]
    loads += [partial(trainer.ground, name) for name in names]
    for load in loads:
        try:
            load()
        except Exception:
            log.warning("a part could not be loaded ahead of its use", exc_info=True)
        # The trainer is locked while it reads a persona; a page that waits for it shall have its turn.
        if stopped.wait(WARM_PAUSE_S):
            return


class Actions:
    """What happens when something on the page is used; each gives the updates that follow."""

    def __init__(self, page: Page, trainer: Trainer) -> None:
        self._page, self._trainer = page, trainer
        self._store, self._views, self._talk = store_of(trainer), Views(page, trainer), Talk(trainer)

    def home(self) -> Updates:
        """All buyers."""
        return self._told(self._views.choosing)

    def open(self, name: str) -> Updates:
        """The session of the address, or all buyers where there is none of that id."""
        try:
            return self._views.session(name) if name else self._views.choosing()
        except Exception as error:
            problem = explain(error)
            return self._told(lambda: self._views.choosing(problem))

    def pick(self, event: gr.EventData) -> Updates:
        """A card was pressed."""
        return self._told(lambda: self._views.preparing(str(event.id)))

    def reopen(self, event: gr.EventData) -> Updates:
        """An earlier session was pressed."""
        return self._told(lambda: self._views.session(str(event.id)))

    def prepare(self, buyer: str) -> Updates:
        """The same buyer once more."""
        return self._told(lambda: self._views.preparing(buyer))

    def start(self, buyer: str, depth: Depth, assessed: bool) -> Updates:
        """The call starts."""
        return self._told(lambda: self._views.practising(self._trainer.start(buyer, depth=depth, assessed=assessed)))

    def end(self, name: str) -> Updates:
        """The rep ends the call."""
        return self._told(lambda: self._views.reading(self._trainer.close(self._store.load(name))))

    def read(self, name: str) -> Updates:
        """The debrief of a call that is over."""
        return self._told(lambda: self._views.session(name))

    async def send(self, name: str, message: str) -> AsyncGenerator[Updates]:
        """A message: the buyer's words as they come, then the turn."""
        persona: Persona | None = None
        async for step in self._talk.send(name, message):
            match step:
                case Speaking(spoken):
                    persona = persona or await asyncio.to_thread(self._buyer_of, name)
                    yield self._views.speaking(persona, message, spoken)
                case Finished(session):
                    yield await asyncio.to_thread(self._views.turned, session)
                case Refused(why):
                    yield self._views.refused(why)
                case Busy():
                    yield {self._page.practising.problem: notice(BUSY)}

    def check(self) -> Generator[Updates]:
        """Ask every model and part once, and tell what answered."""
        choosing = self._page.choosing
        yield {choosing.check: gr.update(interactive=False), choosing.told: models.told_line(models.ASKING)}
        try:
            yield self._views.modelling(check(self._trainer))
        except Exception as error:
            yield {choosing.check: gr.update(interactive=True), choosing.told: notice(explain(error))}

    def switch(self, voice: str, request: gr.Request) -> Updates:
        """Drafted lines or a model, for all who practise here; a person elsewhere is told so and changes nothing."""
        if not models.is_here(request):
            return self._views.modelling(told=models.NOT_HERE)
        self._trainer.callers.is_on = voice == "model"
        return self._views.modelling()

    def _buyer_of(self, session: str) -> Persona:
        return self._trainer.persona(self._store.load(session).persona)

    def _told(self, action: Callable[[], Updates]) -> Updates:
        """What an action gives, or one line that says why it gave nothing."""
        try:
            return action()
        except Exception as error:
            return {self._page.notice: notice(explain(error))}


def _wire(blocks: gr.Blocks, page: Page, actions: Actions) -> None:
    shown: dict[str, Any] = {"outputs": page.parts, "show_progress": "hidden", "api_visibility": "private"}

    def settle(event: Any, js: str = theme.TO_TOP) -> None:
        event.then(None, [page.session], None, js=theme.ADDRESS_OF_SESSION).then(None, None, None, js=js)

    preparing, practising = page.preparing, page.practising
    settle(blocks.load(actions.open, [page.session], js=theme.SESSION_OF_ADDRESS, **shown))
    settle(page.home.click(actions.home, None, **shown))
    settle(page.choosing.cards.pick(actions.pick, None, **shown))
    settle(page.choosing.pasts.open(actions.reopen, None, **shown))
    # One check at a time, whoever asks.
    page.choosing.check.click(actions.check, None, concurrency_limit=1, **shown)
    page.choosing.voice.input(actions.switch, [page.choosing.voice], **shown)
    settle(
        preparing.start.click(actions.start, [preparing.buyer, preparing.depth, preparing.assessed], **shown),
        theme.TO_BOX,
    )
    settle(practising.end.click(actions.end, [page.session], **shown))
    settle(practising.read.click(actions.read, [page.session], **shown))
    settle(page.reading.again.click(actions.prepare, [preparing.buyer], **shown))
    sending = gr.on(
        [practising.box.submit, practising.send.click],
        actions.send,
        [page.session, practising.box],
        trigger_mode="multiple",
        **shown,
    )
    sending.then(None, None, None, js=theme.TO_BOX)
