"""What models do in a turn and whether they answer, as it is told at the prompt, in the terminal and on the page."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import SecretStr
from rich.console import Console
from typer.testing import CliRunner

from bot import terminal
from bot.build import Trainer
from bot.caller import Callers
from bot.cli import app
from bot.models_check import Checked, check, coach_signs, describe, holds, line_signs, spent_on, told, without_login
from bot.moves import Code
from bot.session import Call, Correction, Removed, Session, Spoken, Turn
from bot.settings import Settings
from bot.store import Spent, Store
from bot.turn import Done, TakenBack, Word, play_turn
from ui import models, practise, talk

KEY = "sk-secret-0123456789"
LINE = "one two three"


@dataclass
class Asked:
    """A server that is up: its address and the requests it got."""

    url: str
    bodies: list[dict[str, Any]] = field(default_factory=lambda: list[dict[str, Any]]())
    status: int = 200
    json_answer: str = '{"word": "yes", "number": 3}'


@contextmanager
def server() -> Generator[Asked]:
    """A small server on the loopback address that streams an answer as OpenAI's does."""
    asked = Asked("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.bodies.append(body)
            self.send_response(asked.status)
            self.send_header("Content-Type", "text/event-stream" if asked.status == 200 else "application/json")
            self.end_headers()
            if asked.status != 200:
                self.wfile.write(json.dumps({"error": {"message": f"wrong key {KEY}"}}).encode())
                return
            text = asked.json_answer if "JSON" in str(body["messages"]) else LINE
            pieces = [{"role": "assistant", "content": f"{word} "} for word in text.split()]
            for piece in [*pieces, None]:
                ended = {"index": 0, "delta": piece or {}, "finish_reason": None if piece else "stop"}
                chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [ended]}
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.flush()
            self.wfile.write(b"data: [DONE]\n\n")

        def log_message(self, format: str, *args: object) -> None:
            pass

    up = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    asked.url = f"http://127.0.0.1:{up.server_address[1]}/v1"
    thread = threading.Thread(target=up.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield asked
    finally:
        up.shutdown()
        up.server_close()


@pytest.fixture
def up() -> Iterator[Asked]:
    with server() as asked:
        yield asked


def _with(trainer: Trainer, folder: Path, **settings: Any) -> Trainer:
    """The suite's trainer under other settings, with a store of its own."""
    made = replace(
        trainer,
        settings=trainer.settings.model_copy(update=settings),
        store=Store(f"sqlite:///{folder / 'sessions.sqlite'}"),
    )
    for part in ("embedder", "reader", "guides", "index"):
        made.__dict__[part] = getattr(trainer, part)
    return made


@pytest.fixture
def modelled(trainer: Trainer, up: Asked, tmp_path: Path) -> Trainer:
    return _with(trainer, tmp_path, model="openai:small", base_url=up.url, api_key=SecretStr(KEY))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for commands, so that they build the index once."""
    return tmp_path_factory.mktemp("models")


def _inertia(home: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "INERTIA_HOME": str(home)}
    command = [sys.executable, "-m", "bot.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)


def test_without_a_model_the_check_says_what_does_it_instead(trainer: Trainer, tmp_path: Path) -> None:
    found = check(_with(trainer, tmp_path))
    assert [one.part for one in found] == ["prospect", "coach", "reader", "judge", "embedder", "index", "store"]
    assert [describe(one) for one in found[:4]] == [
        "drafted lines (no model is set)",
        "the embedded coach (no model is set)",
        "the local reader alone (no model is set)",
        "the evals' own classifier (no model is set)",
    ]
    assert [one.answers for one in found] == [None] * 4 + [True] * 3
    assert "passages" in describe(found[5])
    assert holds(found)


def test_a_model_that_answers_is_told_with_its_speed_and_what_it_can(modelled: Trainer, up: Asked) -> None:
    found = check(modelled)
    first = found[0]
    assert first.does == "openai:small"
    assert first.server == up.url
    assert (first.answers, first.streams, first.structured) == (True, True, True)
    assert first.first_s is not None
    assert first.whole_s is not None
    assert 0 < first.first_s <= first.whole_s
    assert "cl100k" in describe(first)
    assert KEY not in str(found)


def test_the_same_model_at_the_same_server_is_called_once(modelled: Trainer, up: Asked) -> None:
    found = check(modelled)
    assert len(up.bodies) == 2
    assert [one.same_as for one in found[:4]] == [None, "prospect", "prospect", "prospect"]
    assert describe(found[1]).endswith("answers as for the prospect")


def test_another_model_or_another_key_is_called_for_itself(modelled: Trainer, up: Asked) -> None:
    more = {"coach_model": "openai:large", "reader_api_key": SecretStr("sk-other"), "judge_model": "none"}
    own = replace(modelled, settings=modelled.settings.model_copy(update=more))
    for part in ("embedder", "index"):
        own.__dict__[part] = getattr(modelled, part)
    found = check(own)
    assert [one.same_as for one in found[:3]] == [None] * 3
    assert [body["model"] for body in up.bodies] == ["small", "small", "large", "large", "small", "small"]
    assert found[3].is_set is False


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "INERTIA_API_KEY"), (404, "INERTIA_MODEL"), (429, "wait"), (500, "log"), (400, "settings")],
)
def test_a_model_that_does_not_answer_is_one_line_that_says_what_to_do(
    modelled: Trainer, up: Asked, status: int, says: str
) -> None:
    up.status = status
    found = check(modelled)
    assert found[0].answers is False
    assert says in describe(found[0])
    assert "\n" not in describe(found[0])
    assert KEY not in describe(found[0])
    assert not holds(found)


def test_a_model_left_alone_after_faults_is_asked_all_the_same(modelled: Trainer, up: Asked) -> None:
    up.status = 401
    assert not holds(check(modelled))
    up.status = 200
    assert holds(check(modelled))


def test_a_model_that_gives_no_json_answers_and_is_said_to_lack_it(modelled: Trainer, up: Asked) -> None:
    up.json_answer = "I would rather not."
    found = check(modelled)
    assert (found[0].answers, found[0].structured) == (True, False)
    assert "no structured output" in describe(found[0])
    assert "embedded parts" in describe(found[0])
    assert holds(found)


def test_a_setting_that_is_wrong_is_told_and_the_rest_is_checked(modelled: Trainer) -> None:
    wrong = replace(modelled, settings=modelled.settings.model_copy(update={"coach_model": "nonsense"}))
    for part in ("embedder", "index"):
        wrong.__dict__[part] = getattr(modelled, part)
    found = check(wrong)
    assert found[0].answers
    assert found[1].answers is False
    assert "INERTIA_COACH_MODEL" in describe(found[1])


def test_a_model_without_a_key_is_told_with_one_thing_to_do(trainer: Trainer, tmp_path: Path) -> None:
    found = check(_with(trainer, tmp_path, prospect_model="openai:small"))
    assert describe(found[0]) == (
        "openai:small: does not answer. openai:small: has no key; set INERTIA_API_KEY, "
        "or INERTIA_BASE_URL for a server of your own."
    )


def test_with_models_switched_off_the_check_asks_them_all_the_same(modelled: Trainer, up: Asked) -> None:
    modelled.callers.is_on = False
    assert check(modelled)[0].answers
    assert modelled.caller("prospect") is None


def test_logins_in_addresses_are_not_told() -> None:
    assert without_login("http://me:word@host/v1?key=x; try") == "http://host/v1; try"
    assert without_login("sqlite:////home/a/b.sqlite") == "sqlite:////home/a/b.sqlite"


def test_the_command_prints_lines_or_one_document_and_never_the_key(home: Path, tmp_path: Path, up: Asked) -> None:
    (tmp_path / ".env").write_text(
        f"INERTIA_MODEL=openai:small\nINERTIA_BASE_URL={up.url}\nINERTIA_API_KEY={KEY}\n", encoding="utf-8"
    )
    done = _inertia(home, tmp_path, "models", "check", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told) == {"prospect", "coach", "reader", "judge", "embedder", "index", "store"}
    assert told["prospect"]["does"] == "openai:small"
    assert told["prospect"]["answers"] is True
    assert told["index"]["passages"] > 0
    up.status = 401
    failed = _inertia(home, tmp_path, "models", "check")
    assert failed.returncode == 1
    lines = failed.stdout.splitlines()
    assert len(lines) == 7
    assert lines[0].startswith("prospect  openai:small at http://127.0.0.1:")
    assert "Traceback" not in failed.stderr
    assert KEY not in done.stdout + done.stderr + failed.stdout + failed.stderr


def test_a_server_that_is_not_there_is_exit_status_one(
    trainer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("INERTIA_MODEL", "openai:small")
    monkeypatch.setenv("INERTIA_BASE_URL", f"http://127.0.0.1:{port}/v1")
    own = _with(trainer, tmp_path, **Settings(home=tmp_path).model_dump(include={"model", "base_url"}))
    # All but the loading, which takes its seconds.
    monkeypatch.setattr("bot.build.build", lambda: own)
    done = CliRunner().invoke(app, ["models", "check"])
    assert done.exit_code == 1
    assert "cannot be reached" in done.stdout


def test_without_a_model_neither_the_page_nor_the_check_loads_langchain(home: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom bot.build import build\nfrom bot.models_check import check\n"
        "from bot.settings import Settings\nfrom ui.app import build_page\nfrom ui import models\n"
        "trainer = build(Settings(home=Path('.'), model=None))\nbuild_page(trainer)\n"
        "models.panel(trainer, trainer.store)\nmodels.foot(trainer)\ncheck(trainer)\n"
        "sys.exit(', '.join(name for name in sys.modules if name.split('.')[0] in ('langchain', 'langchain_openai', "
        "'langchain_core', 'openai')) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


CALL = Call(
    role="prospect", model="m", prompt=1000, cached=0, completion=204, counted_by="x", cost=0.0012, first_s=1, whole_s=2
)
CUT = "we could show you a demo of the ledger that nobody has seen"
SPOKEN = Spoken(
    model="openai:small",
    prompt="abc",
    raw=CUT,
    removed=(Removed(kind="role reversal", text=CUT), Removed(kind="role reversal", text=CUT)),
    from_draft=("It works.",),
    trouble="openai:small said nothing more for 8 s",
)


@pytest.fixture(scope="module")
def played(trainer: Trainer) -> Session:
    session = trainer.start("freight-vp", seed=3)
    return play_turn(trainer, session, "Your claims provision rose from £190,000 to £345,000. How do you read that?")


def _changed(session: Session, **changes: object) -> Session:
    return session.model_copy(update={"turns": (session.turns[0].model_copy(update=changes),)})


def _corrected(session: Session) -> Correction:
    move = session.turns[0].reading.moves[0]
    added = move.model_copy(update={"code": Code.INSIGHT, "quote": "rose from £190,000"})
    return Correction(model="openai:small", added=(added,), removed=(move,))


def test_what_became_of_a_models_line_is_told_but_not_the_words_that_were_cut(played: Session) -> None:
    turn = _changed(played, spoken=SPOKEN, spoken_by="openai:small").turns[0]
    assert line_signs(turn) == [
        "openai:small said nothing more for 8 s.",
        "Cut from the model's words: role reversal.",
        "Partly said from the draft.",
    ]
    assert line_signs(played.turns[0].model_copy(update={"spoken": SPOKEN}))[-1] == "Said from the draft."


def test_a_second_reading_is_told_as_one(played: Session) -> None:
    turn = _changed(played, second=_corrected(played)).turns[0]
    quote = played.turns[0].reading.moves[0].quote
    was = str(played.turns[0].reading.moves[0].code).replace("_", " ")
    assert coach_signs(turn) == [f"On a second reading: also insight “rose from £190,000”, not {was} “{quote}”."]
    failed = turn.model_copy(update={"second": Correction(model="m", trouble="m: is away")})
    assert coach_signs(failed) == ["No second reading: m: is away."]
    assert coach_signs(turn.model_copy(update={"second": Correction(model="m")})) == []


def test_tokens_and_cost_are_summed_and_what_has_no_price_is_said() -> None:
    assert told(spent_on([CALL])) == "1,204 tokens, cost 0.0012"
    free = CALL.model_copy(update={"cost": 0.0})
    assert told(spent_on([free, free])) == "2,408 tokens, cost 0.00"
    unknown = CALL.model_copy(update={"cost": None})
    assert told(spent_on([CALL, unknown])).endswith("cost 0.0012 and that of 1 call with no price on file")
    assert told(Spent(10, 12.345, 0)) == "10 tokens, cost 12.35"


def test_a_drafted_turn_has_no_sign_of_a_model(played: Session, trainer: Trainer) -> None:
    assert line_signs(played.turns[0]) + coach_signs(played.turns[0]) == []
    assert 'class="signs"' not in practise.talk(played, trainer.persona("freight-vp"), {})


def test_the_page_tells_beside_a_turn_what_models_did(played: Session, trainer: Trainer) -> None:
    feedback = played.turns[0].feedback
    assert feedback is not None
    by = feedback.model_copy(update={"by": "the model <b>openai:small</b>"})
    turned = _changed(played, spoken=SPOKEN, second=_corrected(played), feedback=by, calls=(CALL,))
    page = practise.talk(turned, trainer.persona("freight-vp"), {})
    assert "&lt;b&gt;openai:small" in page
    for words in ("said nothing more for 8 s", "role reversal", "On a second reading: also insight", "1,204 tokens"):
        assert words in unescape(page)
    assert CUT not in unescape(page)


def test_an_assessed_run_tells_what_became_of_the_line_and_nothing_of_the_reading(
    played: Session, trainer: Trainer
) -> None:
    turned = _changed(played, spoken=SPOKEN, second=_corrected(played), calls=(CALL,))
    page = practise.talk(turned.model_copy(update={"assessed": True}), trainer.persona("freight-vp"), {})
    assert "said nothing more" in page
    assert "second reading" not in page


def _taken_back(turn: Turn, session: Session) -> Callable[..., Iterator[object]]:
    def run(*_: object) -> Iterator[object]:
        yield Word("We manage.")
        yield Word(" Let me show")
        yield TakenBack("We manage.")
        yield Word(" It works.")
        yield Done(turn, session)

    return run


def test_words_taken_back_go_from_the_page_and_are_broken_off_in_the_terminal(
    keeping: Trainer, played: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = keeping.start("freight-vp", seed=3)
    after = _changed(played, prospect="We manage. It works.", spoken=SPOKEN, calls=(CALL,))
    run = _taken_back(after.turns[0], after)
    monkeypatch.setattr(talk, "run_turn", run)
    monkeypatch.setattr(terminal, "run_turn", run)

    async def steps() -> list[talk.Step]:
        return [step async for step in talk.Talk(keeping, word_s=0).send(session.id, "Hello.")]

    lines = [step.spoken for step in asyncio.run(steps()) if isinstance(step, talk.Speaking)]
    assert lines == ["", "We manage.", "We manage. Let me show", "We manage.", "We manage. It works."]
    printed = StringIO()
    terminal._speak(keeping, session, "Hello.", Console(file=printed, width=400, highlight=False))
    assert "We manage. Let me show – It works.\n" in printed.getvalue()
    assert "said nothing more for 8 s. Cut from the model's words: role reversal." in printed.getvalue()
    assert "1,204 tokens" in printed.getvalue()
    assert CUT not in printed.getvalue()


def test_the_panel_says_how_to_set_a_model_where_none_is_set(trainer: Trainer, tmp_path: Path) -> None:
    own = _with(trainer, tmp_path)
    assert own.store is not None
    page = models.panel(own, own.store)
    assert "INERTIA_MODEL" in page
    assert "INERTIA_BASE_URL" in page
    assert models.voice(own) == "drafts"
    assert not models.is_any_set(own)
    assert "drafted lines, no model" in models.foot(own)
    assert "Nothing leaves this machine" in models.foot(own)


def test_the_panel_shows_what_is_set_spent_and_found_and_no_key(modelled: Trainer, up: Asked) -> None:
    limited = replace(modelled, settings=modelled.settings.model_copy(update={"spend_limit": 5.0}))
    assert limited.store is not None
    page = unescape(models.panel(limited, limited.store))
    assert page.count(f"openai:small at {up.url}") == 4
    assert "This month: 0 tokens" in page
    assert "The limit is 5" in page
    assert models.voice(limited) == "model"
    found = [Checked("prospect", "<i>x</i>", True, answers=False, problem="is away"), *check(modelled)[1:]]
    page = models.panel(limited, limited.store, found)
    assert '<div class="model-wrong"><dt>Prospect</dt><dd>&lt;i&gt;x&lt;/i&gt;: does not answer.' in page
    assert KEY not in page


def test_the_foot_says_where_words_go_and_what_the_session_took(
    modelled: Trainer, played: Session, tmp_path: Path
) -> None:
    assert "Speaking: openai:small." in models.foot(modelled)
    assert "Nothing leaves this machine" in models.foot(modelled)
    away = _with(modelled, tmp_path, base_url="https://me:word@models.example/v1")
    assert "goes to https://models.example/v1." in models.foot(away)
    assert "This session: 1,204 tokens" in models.foot(away, _changed(played, calls=(CALL,)))
    away.callers.is_on = False
    assert "drafted lines" in models.foot(away)
    assert "Nothing leaves this machine" in models.foot(away)


def _request(host: str | None, **headers: str) -> Any:
    client = SimpleNamespace(host=host) if host else None
    return SimpleNamespace(client=client, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("request_", "is_here"),
    [
        (_request("127.0.0.1"), True),
        (_request("::1"), True),
        (_request("::ffff:127.0.0.1"), True),
        (_request("192.168.1.7"), False),
        (_request("::ffff:10.0.0.1"), False),
        (_request("testclient"), False),
        (_request(None), False),
        (_request("127.0.0.1", x_forwarded_for="127.0.0.1"), False),
        (None, False),
    ],
)
def test_only_a_request_from_this_machine_is_from_here(request_: Any, is_here: bool) -> None:
    assert models.is_here(request_) is is_here


def test_a_person_elsewhere_cannot_switch_and_is_told_so(modelled: Trainer) -> None:
    import gradio as gr

    from ui.app import Actions
    from ui.page import lay_out

    with gr.Blocks():
        page = lay_out()
    actions = Actions(page, modelled)
    refused = actions.switch("drafts", cast("gr.Request", _request("10.0.0.2")))
    assert modelled.callers.is_on
    assert models.NOT_HERE in refused[page.choosing.told]
    actions.switch("drafts", cast("gr.Request", _request("127.0.0.1")))
    assert modelled.caller("prospect") is None
    actions.switch("model", cast("gr.Request", _request("127.0.0.1")))
    assert modelled.caller("prospect") is not None


def test_the_check_on_the_page_first_says_that_it_asks_and_then_what_it_found(modelled: Trainer) -> None:
    import gradio as gr

    from ui.app import Actions
    from ui.page import lay_out

    with gr.Blocks():
        page = lay_out()
    asking, found = Actions(page, modelled).check()
    assert models.ASKING in asking[page.choosing.told]
    assert "first word in" in found[page.choosing.models]
    assert found[page.choosing.told] == ""


def test_settings_under_test_come_from_nowhere_else() -> None:
    assert Settings(model=None).model is None
    assert Callers(Settings(model=None), lambda: None).of("coach") is None
