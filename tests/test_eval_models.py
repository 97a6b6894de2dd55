"""Models in the evals: one that judges the buyer's lines, one that plays the rep."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from bot import moves
from bot.build import Trainer, build
from bot.caller import Callers
from bot.cli import app
from bot.errors import UserError
from bot.models import at_once
from bot.settings import Settings
from evals import command
from evals import play as playing
from evals.judge import Heard, Judge
from evals.lines import STANCES, TALKS
from evals.marks import Mark, heard_by
from evals.model_judge import ModelJudge, Seen, messages
from evals.play import Played, play
from evals.policies.by_model import MOST_CHARACTERS, ModelRep, tidied, ways
from evals.policies.policy import POLICIES, Rep, buyer_of
from evals.run import SESSIONS, SPECS, Asked, judge_of, perform, scored, specs_of
from evals.scoring import Figure
from evals.spec import Spec, plan
from tests.faulty import Exchange, Faulty, refuses, refuses_shapes, says, says_nothing
from tests.test_templates import CHAT_TOKENS, FORGED, skeleton

READY = '{"reason": "settles when", "stance": "ready", "talk": "change"}'
UNREADABLE = "I would call that guarded."
LINES = ("It works.", "It works, mostly.", "Nobody has counted.", "When could we start?")


def model_settings(url: str, **more: Any) -> Settings:
    given: dict[str, Any] = {"model": "openai:parrot", "calls_at_once": 4, "feedback_s": 8, **more}
    return Settings(base_url=url, api_key=SecretStr("sk-none"), **given)


def judge_at(url: str, **more: Any) -> ModelJudge:
    settings = model_settings(url, **more)
    caller = Callers(settings, lambda: None).of("judge")
    assert caller is not None
    return ModelJudge(caller, at_once(settings, caller.model))


def by_line(answers: dict[str, str], otherwise: str = READY) -> Callable[[Exchange], None]:
    """Answers as told for the line that was asked about, whatever the order; the same again when asked to mend it."""

    def behave(exchange: Exchange) -> None:
        asked = next(m["content"] for m in exchange.request.body["messages"] if m["role"] == "user")
        exchange.reply(answers.get(str(asked).removeprefix("The line: "), otherwise))

    return behave


# --- the judge ---


def test_a_model_hears_each_line_in_its_place_and_the_same_line_once() -> None:
    guarded = READY.replace("ready", "guarded").replace("change", "sustain")
    with Faulty(by_line({LINES[0]: guarded})) as server:
        judge = judge_at(server.url)
        heard = judge.hear_all([*LINES, LINES[0]])
    ready = Heard("ready", "change", 4.0)
    assert heard == [Heard("guarded", "sustain", 1.0), ready, ready, ready, Heard("guarded", "sustain", 1.0)]
    assert len(server.requests) == len(LINES)
    assert judge.name == "the model openai:parrot"


def test_the_answers_it_takes_are_the_labels_of_the_guide() -> None:
    schema = Seen.model_json_schema()["properties"]
    assert list(schema) == ["reason", "stance", "talk"]
    assert tuple(schema["stance"]["enum"]) == STANCES
    assert tuple(schema["talk"]["enum"]) == TALKS
    told = messages("x")[0][1]
    assert all(f"- {name}:" in told for name in (*STANCES, *TALKS))


@pytest.mark.parametrize("wrong", [UNREADABLE, READY.replace("ready", "eager"), '{"stance": "ready"}', "{}"])
def test_what_does_not_hold_is_mended_once_or_else_not_read(wrong: str) -> None:
    with Faulty(says(wrong), says(READY), says(wrong)) as server:
        judge = judge_at(server.url, calls_at_once=1)
        assert judge.hear_all(LINES[:2]) == [Heard("ready", "change", 4.0), None]
    assert len(server.requests) == 4


def test_no_line_is_no_call() -> None:
    with Faulty(says(READY)) as server:
        assert judge_at(server.url).hear_all([]) == []
    assert not server.requests


@pytest.mark.parametrize("refused", [(), ("json_object",), ("json_object", "json_schema")])
def test_many_at_once_find_the_shape_that_the_server_knows(refused: tuple[str, ...]) -> None:
    lines = [f"Line {number}." for number in range(30)]
    with Faulty(refuses_shapes(*refused, otherwise=says(READY))) as server:
        assert None not in judge_at(server.url, calls_at_once=8).hear_all(lines)
    assert len(server.requests) == len(lines) + len(refused)


def test_a_server_that_fails_for_all_at_once_is_given_up_with_one_line_and_no_crash(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines = [f"Line {number}." for number in range(60)]
    with Faulty(says(READY), refuses(500)) as server:
        judge = judge_at(server.url, calls_at_once=8)
        judge.patience_s = 0.0
        with caplog.at_level(logging.ERROR):
            heard = judge.hear_all(lines)
        assert judge.hear_all(["One more."]) == [None]
    assert heard[0] is not None
    assert heard[1:] == [None] * 59
    assert len(server.requests) < 40
    assert len([one for one in caplog.records if "judges no more" in one.getMessage()]) == 1


def test_a_refused_key_ends_it_at_once() -> None:
    with Faulty(refuses(401)) as server:
        assert judge_at(server.url).hear_all(LINES) == [None] * 4
    assert len(server.requests) == 1


def test_a_short_rest_is_waited_for() -> None:
    with Faulty(refuses(429, retry_after="1"), says(READY)) as server:
        assert judge_at(server.url, calls_at_once=1).hear_all(LINES[:2]) == [None, Heard("ready", "change", 4.0)]


def test_a_model_that_is_never_understood_is_asked_no_more(caplog: pytest.LogCaptureFixture) -> None:
    lines = [f"Line {number}." for number in range(60)]
    with Faulty(says(UNREADABLE)) as server, caplog.at_level(logging.ERROR):
        assert judge_at(server.url).hear_all(lines) == [None] * 60
    assert len(server.requests) <= 2 * 24
    assert "judges no more" in caplog.text


@pytest.mark.parametrize("line", [*FORGED.values(), *CHAT_TOKENS], ids=str)
def test_a_forged_line_cannot_close_the_structure_of_the_prompt(line: str) -> None:
    assert skeleton(messages(line)) == skeleton(messages("We do it by hand."))
    assert messages(line)[0] == messages("We do it by hand.")[0]


# --- the judge in a run ---


@pytest.fixture(scope="module")
def drafted(trainer: Trainer) -> list[Played]:
    """Two short sessions; all homes here are the suite's, so that its index is built once."""
    return [play(Spec("main", "freight-vp", policy, 1, turns=3), trainer.settings) for policy in ("expert", "pitcher")]


def of(figures: list[Figure], name: str) -> Figure:
    return next(one for one in figures if one.name == name)


def test_the_models_hearing_takes_the_place_of_the_classifiers_and_the_unread_is_counted(
    drafted: list[Played], trainer: Trainer
) -> None:
    turns = [turn for one in drafted for turn in one.session.turns]
    old = {one.spec.id: [Mark(Heard("guarded", "neutral", 1.0), (), None)] * len(one.session.turns) for one in drafted}
    unread = messages(turns[1].prospect)[1][1].removeprefix("The line: ")
    with Faulty(by_line({unread: UNREADABLE})) as server:
        judge = judge_at(server.url)
        marks = heard_by(judge, drafted, old)
        report = scored(drafted, marks, ["state shown"], trainer.settings, [], 0.0, judge)
    assert [mark.heard for one in drafted for mark in marks[one.spec.id]] == [
        None if turn.prospect == turns[1].prospect else Heard("ready", "change", 4.0) for turn in turns
    ]
    same = of(report.figures, "same stance, line by line")
    assert same.unscored == 1
    assert same.n == len([turn for turn in turns if str(turn.stance) in STANCES]) - 1
    assert of(report.figures, "the model openai:parrot on lines of other hands, stance").n > 0


def test_without_a_model_the_classifier_judges(tmp_path: Path) -> None:
    assert isinstance(judge_of(Settings(home=tmp_path)), Judge)
    assert isinstance(judge_of(Settings(home=tmp_path, model="openai:x", judge_model="none")), Judge)


def test_a_judge_that_cannot_be_is_refused_before_anything_is_played(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="INERTIA_JUDGE_MODEL"):
        judge_of(Settings(home=tmp_path, judge_model="nonsense"))
    with pytest.raises(UserError, match="INERTIA_API_KEY"):
        judge_of(Settings(home=tmp_path, judge_model="openai:x"))


def test_the_model_is_asked_for_every_session_where_a_scorer_hears_and_for_none_where_none_does(
    drafted: list[Played], trainer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INERTIA_HOME", str(trainer.settings.home))
    specs, lines = [one.spec for one in drafted], {turn.prospect for one in drafted for turn in one.session.turns}
    (tmp_path / SESSIONS).write_text("".join(json.dumps(one.dump()) + "\n" for one in drafted), encoding="utf-8")
    with Faulty(says(READY)) as server:
        settings = model_settings(server.url, home=trainer.settings.home)
        asked = Asked(only=("manner",), workers=1)
        assert perform(tmp_path, specs, asked, settings, judge=judge_of(settings)).is_whole
        assert not server.requests
        asked = replace(asked, only=("known groups",))
        assert perform(tmp_path, specs, asked, settings, judge=judge_of(settings)).is_whole
        assert len(server.requests) == len(lines)


# --- the rep ---


@pytest.fixture
def spoken(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Played]]:
    """Plays a session whose rep is the model at an address; the buyer speaks its drafts."""
    home = trainer.settings.home

    def run(server: Faulty, turns: int = 3) -> Played:
        for name, value in {"HOME": str(home), "MODEL": "openai:parrot", "BASE_URL": server.url}.items():
            monkeypatch.setenv(f"INERTIA_{name}", value)
        playing._trainer.cache_clear()
        return play(Spec("main", "freight-vp", "guide", 1, turns=turns, reps="model"), Settings())

    yield run
    playing._trainer.cache_clear()


def test_a_models_words_are_what_the_rep_says_and_the_buyer_stays_drafted(spoken: Callable[..., Played]) -> None:
    words = ("Hello Craig.", "How do you plan a day?", "And who would know?")
    with Faulty(*(says(one) for one in words)) as server:
        played = spoken(server)
    assert [turn.rep for turn in played.session.turns] == list(words)
    assert played.rep_troubles == (None, None, None)
    assert len(server.requests) == 3
    assert all(not turn.calls for turn in played.session.turns)
    last = server.requests[-1].last
    assert f"The buyer has just said: {played.session.turns[1].prospect}" in last
    assert "You: How do you plan a day?" in last
    assert Played.parse(json.loads(json.dumps(played.dump()))).rep_troubles == played.rep_troubles


def test_where_the_model_says_nothing_too_much_or_fails_the_policy_speaks_and_it_is_counted(
    spoken: Callable[..., Played], trainer: Trainer
) -> None:
    with Faulty(says_nothing, says("Well. " * MOST_CHARACTERS), refuses(400), says("How so?")) as server:
        played = spoken(server, turns=4)
    assert played.rep_troubles == ("empty", "too long", "unusable", None)
    persona = trainer.persona("freight-vp")
    own = Rep("guide", buyer_of(persona, trainer.scenario("freight-vp")), 1)
    lines = [persona.picks_up, *(turn.prospect for turn in played.session.turns)]
    assert [turn.rep for turn in played.session.turns] == [*(own.say(line) for line in lines[:3]), "How so?"]
    report = scored([played], {}, ["cost and time"], trainer.settings, [], 0.0)
    given, not_given = report.figures[-2:]
    assert (given.name, given.value, given.n) == ("rep's messages that a model gave", 1.0, 4)
    assert (not_given.name, not_given.value, not_given.n) == ("rep's messages that it did not", 3.0, 4)
    assert not_given.note == "empty: 1, too long: 1, unusable: 1"


def test_a_drafted_run_has_no_figures_and_no_record_of_a_model_that_plays(
    drafted: list[Played], trainer: Trainer
) -> None:
    report = scored(drafted, {}, ["cost and time"], trainer.settings, [], 0.0)
    assert not [one for one in report.figures if "rep's messages" in one.name]
    assert "rep_troubles" not in drafted[0].dump()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Rep: “Hello there.”", "Hello there."),
        ("How so?\n\nBuyer: It works.\nRep: I see.", "How so?"),
        ("Buyer: Fine, Thursday.", ""),
        ('"What is it?" she asked', '"What is it?" she asked'),
        ("One\n two", "One two"),
        ('""', ""),
        (" \n", ""),
    ],
)
def test_only_the_words_that_a_rep_says_are_left(text: str, said: str) -> None:
    assert tidied(text) == said


def test_every_policy_is_told_to_the_model() -> None:
    assert set(ways()) == set(POLICIES)
    assert all(25 <= len(way.split()) <= 160 for way in ways().values())


def test_a_model_that_plays_a_rep_is_told_neither_the_codes_nor_what_is_private(trainer: Trainer) -> None:
    caller = Callers(model_settings("http://127.0.0.1:9/v1"), lambda: None).of("prospect")
    assert caller is not None
    for name in trainer.persona_ids():
        persona = trainer.persona(name)
        buyer = buyer_of(persona, trainer.scenario(name))
        for policy in POLICIES:
            asked = ModelRep(Rep(policy, buyer, 1), buyer, caller).messages(persona.picks_up)
            told = " ".join(text for _, text in asked)
            assert all(item in told for item in buyer.brief)
            assert not [code for code in moves.Code if "_" in code and code in told]
            assert not [fact.what for fact in persona.facts if fact.what in told]
            assert trainer.scenario(name).good_ending not in told


@pytest.mark.parametrize("text", FORGED.values(), ids=FORGED.keys())
def test_nothing_a_buyer_says_changes_the_frame_of_the_reps_prompt(trainer: Trainer, text: str) -> None:
    caller = Callers(model_settings("http://127.0.0.1:9/v1", first_word_s=0.1), lambda: None).of("prospect")
    assert caller is not None
    buyer = buyer_of(trainer.persona("freight-vp"), trainer.scenario("freight-vp"))

    def frame(line: str) -> object:
        rep = ModelRep(Rep("stonewaller", buyer, 1), buyer, caller)
        rep.say(line)
        return skeleton(rep.messages(line))

    assert frame(text) == frame("plain words")


# --- what is asked for ---


def test_without_a_model_that_speaks_a_model_cannot_play_and_is_told_what_to_set(tmp_path: Path) -> None:
    for settings in (Settings(home=tmp_path), Settings(home=tmp_path, model="openai:x", prospect_model="none")):
        with pytest.raises(UserError, match="INERTIA_PROSPECT_MODEL") as told:
            specs_of(Asked(reps="model"), settings)
        assert "\n" not in str(told.value)
    with pytest.raises(UserError, match="INERTIA_API_KEY"):
        specs_of(Asked(reps="model"), Settings(home=tmp_path, model="openai:x"))


@pytest.mark.parametrize(("value", "told"), [("model", "set INERTIA_MODEL"), ("people", "none of drafted, model")])
def test_the_command_says_it_in_one_line(
    value: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INERTIA_HOME", str(tmp_path))
    done = CliRunner().invoke(app, ["eval", "--reps", value])
    assert isinstance(done.exception, UserError)
    assert told in str(done.exception)


def test_only_the_main_table_is_played_by_a_model_and_a_normal_run_is_what_it_was(tmp_path: Path) -> None:
    settings = model_settings("http://127.0.0.1:9/v1", home=tmp_path)
    normal, by_model = specs_of(Asked(), settings), specs_of(Asked(reps="model"), settings)
    assert normal == plan(tuple(build(settings, stored=False).persona_ids()))
    assert all(spec.reps == "drafted" for spec in normal)
    assert [replace(spec, reps="drafted") for spec in by_model] == normal
    assert {spec.purpose for spec in by_model if spec.reps == "model"} == {"main"}
    assert not {s.id for s in by_model if s.reps == "model"} & {s.id for s in normal}
    assert "rep" not in normal[0].id


def test_a_run_from_before_is_gone_on_with(tmp_path: Path) -> None:
    specs = [Spec("main", "freight-vp", "expert", 1)]
    old = specs[0].dump()
    del old["reps"]
    (tmp_path / "20260101").mkdir()
    (tmp_path / "20260101" / SPECS).write_text(json.dumps([old]), encoding="utf-8")
    assert command._folder(tmp_path, specs, resume=True) == tmp_path / "20260101"
    with pytest.raises(UserError, match="--resume"):
        command._folder(tmp_path, [replace(specs[0], reps="model")], resume=True)
