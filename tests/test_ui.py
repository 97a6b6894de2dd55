"""The page's pieces, without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.build import Trainer, build
from bot.debrief import Point, debrief
from bot.errors import StoreFull, UserError
from bot.mind import Mind, Stance
from bot.moves import Code
from bot.session import Session, Turn
from bot.settings import Settings
from bot.store import Listed, Store
from bot.turn import play_turn
from ui import charts, choose, practise, sessions, talk
from ui import debrief as debriefing
from ui.html import fill, moment, notice, render
from ui.passages import Passages, passages_of

HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)> {{7*7}} ${7*7} **bold** $x^2$ [a](javascript:b) \"' `c`"
)
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.fixture(scope="module")
def trainer(trainer: Trainer, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """The suite's trainer, with a store."""
    return replace(trainer, store=Store(f"sqlite:///{tmp_path_factory.mktemp('ui') / 'sessions.sqlite'}"))


@pytest.fixture(scope="module")
def passages(trainer: Trainer) -> Passages:
    return passages_of(trainer)


@pytest.fixture(scope="module")
def played(trainer: Trainer) -> Session:
    session = trainer.start("freight-vp", seed=3, depth="deep")
    session = play_turn(trainer, session, "Your claims provision rose from £190,000 to £345,000. How do you read that?")
    session = play_turn(trainer, session, "Our platform has AI routing and a live map, let me show you a demo.")
    return play_turn(trainer, session, HOSTILE)


def _assert_harmless(page: str) -> None:
    for sign in ("<script", "<img", "{{", "${", "`", "<a "):
        assert sign not in page


def test_typed_markup_is_escaped_wherever_a_message_is_shown(
    trainer: Trainer, played: Session, passages: Passages
) -> None:
    persona = trainer.persona("freight-vp")
    call = practise.talk(played, persona, passages)
    running = practise.live(persona, HOSTILE, HOSTILE)
    read = debriefing.body(debrief(trainer, played), played, persona, passages)
    for page in (call, running, read, notice(HOSTILE)):
        assert SHOWN in page
        _assert_harmless(page)


def test_a_hostile_persona_name_in_the_list_is_shown_as_text() -> None:
    page = sessions.listing([Listed(HOSTILE, HOSTILE, HOSTILE, "open", 1, False)], {})
    assert SHOWN in page
    _assert_harmless(page)


def test_markup_that_is_not_ours_is_taken_out() -> None:
    from markupsafe import Markup

    page = render(
        Markup('<p onclick="x()" style="color:red" class="a">b<script>c</script><a href="http://d">e</a></p>')
    )
    assert page == '<p class="a">be</p>'


def test_signs_of_templates_are_written_as_references() -> None:
    assert render(fill("<p>{}</p>", "{{a}} ${b} `c` \\d")) == (
        "<p>&#123;&#123;a&#125;&#125; &#36;&#123;b&#125; &#96;c&#96; &#92;d</p>"
    )


def test_every_persona_has_a_card_that_is_a_button(trainer: Trainer) -> None:
    page = choose.cards([trainer.persona(name) for name in trainer.persona_ids()])
    for name in trainer.persona_ids():
        persona = trainer.persona(name)
        assert f'data-pick="{name}"' in page
        assert persona.practise in unescape(page)
    assert page.count("<button") == len(trainer.persona_ids())


def test_the_scenario_names_the_rep_and_a_good_ending(trainer: Trainer) -> None:
    scene = trainer.scenario("freight-vp")
    page = choose.scenario(trainer.persona("freight-vp"), scene)
    assert scene.rep_offers in unescape(page)
    assert scene.good_ending in unescape(page)


def test_the_brief_says_where_each_item_was_found_and_nothing_that_must_be_earned(trainer: Trainer) -> None:
    persona = trainer.persona("freight-vp")
    page = practise.brief(persona, trainer.scenario("freight-vp"))
    for item in persona.brief:
        assert f"Found in: {item.found}" in unescape(page)
    for need in (*persona.needs.felt, *persona.needs.unknown):
        assert need.what not in unescape(page)


def test_the_buyers_greeting_stands_first(trainer: Trainer) -> None:
    session = trainer.start("freight-vp", seed=1)
    page = practise.talk(session, trainer.persona("freight-vp"), {})
    assert trainer.persona("freight-vp").picks_up in unescape(page)


def _with(session: Session, **changes: object) -> Session:
    return session.model_copy(update=changes)


def test_brief_depth_shows_notes_and_no_line_to_say(trainer: Trainer, played: Session, passages: Passages) -> None:
    persona = trainer.persona("freight-vp")
    pages = {
        depth: practise.talk(_with(played, depth=depth), persona, passages) for depth in ("brief", "standard", "deep")
    }
    assert '<section class="note next">' not in pages["brief"]
    assert '<section class="note moved">' not in pages["standard"]
    assert '<section class="note next">' in pages["standard"]
    assert '<section class="note moved">' in pages["deep"]
    assert 'class="cite-idea"' in pages["deep"]
    assert all('class="note fix"' in page for page in pages.values())


def test_an_assessed_run_shows_feedback_only_when_it_is_over(
    trainer: Trainer, played: Session, passages: Passages
) -> None:
    persona = trainer.persona("freight-vp")
    running = practise.talk(_with(played, assessed=True, closed=False), persona, passages)
    over = practise.talk(_with(played, assessed=True, closed=True), persona, passages)
    assert 'class="feedback"' not in running
    assert 'class="passage"' not in running or 'class="cite"' not in running
    assert 'class="feedback"' in over


def test_every_citation_opens_a_passage_that_is_on_the_page_once(
    trainer: Trainer, played: Session, passages: Passages
) -> None:
    page = practise.talk(played, trainer.persona("freight-vp"), passages)
    cited = {
        c.id for t in played.turns if t.feedback for n in (t.feedback.landed, t.feedback.fix) if n for c in n.citations
    }
    assert cited
    for name in cited:
        assert page.count(f'id="passage-{name.replace("/", "-")}"') == 1
        assert f'popovertarget="passage-{name.replace("/", "-")}"' in page


def test_a_passage_that_left_the_guides_is_named_and_opens_nothing(trainer: Trainer, played: Session) -> None:
    page = practise.talk(played, trainer.persona("freight-vp"), {})
    assert "popovertarget" not in page
    assert "cite-plain" in page


def test_only_the_last_turns_feedback_lies_open(trainer: Trainer, played: Session, passages: Passages) -> None:
    page = practise.talk(played, trainer.persona("freight-vp"), passages)
    assert page.count('<details class="feedback" open="">') == 1
    assert page.count('<details class="feedback"') == 3


def test_the_mind_is_five_labelled_bars_that_are_folded() -> None:
    page = practise.mind(Mind(inertia=70, tension=12.4, trust=30, pressure=10, patience=60), Stance.GUARDED)
    assert page.count("<meter") == 5
    assert page.count("aria-labelledby") == 5
    assert 'value="12"' in page
    assert "<details" in page
    assert "open" not in page.split("<summary>")[0]


def test_a_debrief_tells_objections_with_the_words_that_provoked_them(
    trainer: Trainer, played: Session, passages: Passages
) -> None:
    shown = debrief(trainer, played)
    assert shown.objections
    page = debriefing.body(shown, played, trainer.persona("freight-vp"), passages)
    for one in shown.objections:
        assert one.quote in unescape(page)


def test_a_principle_without_evidence_says_so(trainer: Trainer, passages: Passages) -> None:
    session = trainer.close(trainer.start("freight-vp", seed=1))
    page = debriefing.body(debrief(trainer, session), session, trainer.persona("freight-vp"), passages)
    assert page.count("Not evidenced.") == 5
    assert "None was provoked." in page


def _point(turn: int, *moves: Code) -> Point:
    mind = Mind(inertia=70 - turn, tension=10 + turn, trust=30, pressure=10, patience=60)
    return Point(turn=turn, mind=mind, stance=Stance.GUARDED, moves=moves, objection="<b>x</b>" if moves else None)


def test_the_picture_has_three_lines_and_marks_for_good_and_costly_moves() -> None:
    figure: Any = charts.mind_line([_point(0), _point(1, Code.INSIGHT, Code.TAILORING), _point(2, Code.PITCH)])
    names = [trace.name for trace in figure.data]
    assert names == ["Inertia", "Tension", "Trust", "Moves that advance", "Moves that cost"]
    assert list(figure.layout.xaxis.ticktext) == ["start", "1  insight +1", "2  pitch"]
    assert list(figure.data[1].y) == [10, 11, 12]


def test_the_picture_escapes_what_it_names_and_asks_for_nothing_from_elsewhere() -> None:
    figure = str(charts.mind_line([_point(0), _point(1, Code.PITCH)]).to_json())
    assert "<b>" not in figure.replace("\\u003c", "<")
    assert "http" not in figure


def test_moments_are_told_in_utc() -> None:
    assert moment("2026-03-01T09:05:00+02:00") == "1 Mar 2026, 07:05 UTC"
    assert moment("no moment") == "no moment"


async def _steps(steps: AsyncGenerator[talk.Step]) -> list[talk.Step]:
    return [step async for step in steps]


def _send(one: talk.Talk, session: str, message: str) -> list[talk.Step]:
    return asyncio.run(_steps(one.send(session, message)))


def test_a_message_streams_in_words_and_ends_with_the_stored_turn(trainer: Trainer) -> None:
    session = trainer.start("freight-vp", seed=5)
    steps = _send(talk.Talk(trainer, word_s=0), session.id, "Good morning, Craig.")
    assert isinstance(steps[-1], talk.Finished)
    lines = [step.spoken for step in steps if isinstance(step, talk.Speaking)]
    assert lines[0] == ""
    assert lines[-1] == steps[-1].session.turns[-1].prospect
    assert all(after.startswith(before) for before, after in pairwise(lines))
    assert trainer.store is not None
    assert trainer.store.load(session.id).turns == steps[-1].session.turns


@pytest.mark.parametrize("message", ["", "   ", "\n\t"])
def test_an_empty_message_is_not_sent(trainer: Trainer, message: str) -> None:
    session = trainer.start("freight-vp", seed=5)
    assert _send(talk.Talk(trainer, word_s=0), session.id, message) == [talk.Refused(talk.EMPTY)]
    assert trainer.store is not None
    assert trainer.store.load(session.id).turns == ()


def test_an_unknown_session_is_refused_in_one_line(trainer: Trainer) -> None:
    last = _send(talk.Talk(trainer, word_s=0), "nowhere", "Hello")[-1]
    assert isinstance(last, talk.Refused)
    assert "nowhere" in last.why
    assert "\n" not in last.why


def test_a_message_too_long_is_refused_and_the_session_unharmed(trainer: Trainer) -> None:
    session = trainer.start("freight-vp", seed=5)
    last = _send(talk.Talk(trainer, word_s=0), session.id, "a " * 10_001)[-1]
    assert isinstance(last, talk.Refused)
    assert "20,00" in last.why
    assert isinstance(_send(talk.Talk(trainer, word_s=0), session.id, "Hello.")[-1], talk.Finished)


def test_two_sends_at_once_make_one_turn_and_one_refusal(trainer: Trainer) -> None:
    session = trainer.start("freight-vp", seed=5)
    one = talk.Talk(trainer, word_s=0.001)

    async def both() -> tuple[list[talk.Step], list[talk.Step]]:
        return await asyncio.gather(
            _steps(one.send(session.id, "Good morning.")), _steps(one.send(session.id, "Morning!"))
        )

    ends = [steps[-1] for steps in asyncio.run(both())]
    assert sorted(type(end).__name__ for end in ends) == ["Busy", "Finished"]
    assert isinstance(_send(one, session.id, "And again.")[-1], talk.Finished)


class FullDisk(Trainer):
    """A trainer whose disk is full when a turn is kept."""

    def keep(self, session: Session, turn: Turn) -> Session:
        raise StoreFull("the disk is full; nothing was stored")


class Broken(Trainer):
    """A trainer with a fault of ours in it."""

    def keep(self, session: Session, turn: Turn) -> Session:
        raise ZeroDivisionError("secret")


def test_a_failure_is_told_by_its_own_text(trainer: Trainer) -> None:
    session = trainer.start("freight-vp", seed=5)
    last = _send(talk.Talk(FullDisk(trainer.settings, trainer.store), word_s=0), session.id, "Hello.")[-1]
    assert last == talk.Refused("the disk is full; nothing was stored")


def test_an_unforeseen_fault_is_logged_and_not_shown(trainer: Trainer, caplog: pytest.LogCaptureFixture) -> None:
    session = trainer.start("freight-vp", seed=5)
    last = _send(talk.Talk(Broken(trainer.settings, trainer.store), word_s=0), session.id, "Hello.")[-1]
    assert last == talk.Refused(talk.FAILED)
    assert "secret" in caplog.text


def test_after_a_failed_turn_the_next_may_come(trainer: Trainer) -> None:
    session = trainer.start("freight-vp", seed=5)
    one = talk.Talk(FullDisk(trainer.settings, trainer.store), word_s=0)
    assert isinstance(_send(one, session.id, "Hello.")[-1], talk.Refused)
    assert isinstance(_send(one, session.id, "Hello.")[-1], talk.Refused)


def test_a_page_without_a_store_is_refused() -> None:
    trainer = build(Settings(home=Path("unused")), stored=False)
    with pytest.raises(UserError, match="store"):
        talk.store_of(trainer)


def test_the_stylesheet_asks_for_nothing_from_elsewhere() -> None:
    from ui import theme

    assert "url(" not in theme.stylesheet()
    assert "@import" not in theme.stylesheet()


def _channels(colour: str) -> Iterator[float]:
    for start in (1, 3, 5):
        share = int(colour[start : start + 2], 16) / 255
        yield share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _contrast(one: str, other: str) -> float:
    lights = sorted(
        sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), _channels(x), strict=True)) for x in (one, other)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("mode", [":root", ".dark"])
def test_text_stands_out_in_both_modes(mode: str) -> None:
    import re

    from ui import theme

    block = re.search(re.escape(mode) + r" \{(.*?)\}", theme.stylesheet(), re.S)
    assert block
    named = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block.group(1)))
    grounds = ("paper", "surface", "wash")
    pairs = [(text, ground) for text in ("ink", "muted", "accent", "good", "fix") for ground in grounds]
    pairs += [
        ("good", "good-wash"),
        ("fix", "fix-wash"),
        ("ink", "rep"),
        ("on-accent", "accent"),
        ("on-accent", "accent-strong"),
    ]
    weak = {pair: round(_contrast(named[pair[0]], named[pair[1]]), 2) for pair in pairs}
    assert {pair: value for pair, value in weak.items() if value < 4.5} == {}
