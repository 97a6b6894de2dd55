"""The page in a real browser, on a desktop and on a phone."""

from __future__ import annotations

import logging
import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.build import Trainer, build
from bot.errors import StoreFull
from bot.session import Session, Turn
from bot.settings import Settings
from ui import screenshots
from ui.screenshots import choose, say
from ui.talk import EMPTY

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000
SEED = 7
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
GOOD = "Your claims provision went from £190,000 to £345,000 in one year. How do you read that?"
PITCH = "Our platform has AI routing and a live map, shall I show you a demo?"
HOSTILE = (
    "<script>window.pwned=1</script><img src=x onerror='window.pwned=2'> {{7*7}} ${7*7} {braces} **bold** $x^2$ "
    "[link](javascript:window.pwned=3) `code`"
)
FULL = "the disk is full; nothing was stored: free some space, then send it again"
TEXT_CONTRASTS = """() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const linear = (x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  const light = (c) => { const v = c.slice(0, 3).map((x) => linear(x / 255));
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length && (c.length < 4 || c[3] > 0.99)) return c; } return [255, 255, 255]; };
  const weak = [];
  for (const e of document.querySelectorAll('.gradio-container *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.closest('svg') || e.closest(':disabled')) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push([e.tagName, e.className, ratio.toFixed(2), e.textContent.slice(0, 40)].join(' '));
  }
  return weak;
}"""
WATCH_THE_TURN = """() => {
  window.seen = [];
  const live = document.querySelector('#live');
  new MutationObserver(() => {
    const line = live.querySelector('.buyer .text');
    if (line) window.seen.push([line.textContent, document.querySelector('#message textarea').disabled]);
  }).observe(live, {childList: true, subtree: true, characterData: true});
}"""
SMALL_BUTTONS = """() => [...document.querySelectorAll('.gradio-container button')]
  .filter((b) => b.checkVisibility() && b.getBoundingClientRect().height < 39.5)
  .map((b) => b.textContent + b.className)"""


class Faulty(Trainer):
    """A trainer whose disk is full while `is_full`."""

    is_full = False

    def keep(self, session: Session, turn: Turn) -> Session:
        if self.is_full:
            raise StoreFull(FULL)
        return super().keep(session, turn)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def served_trainer(home: Path) -> Faulty:
    made = build(Settings(home=home, seed=SEED))
    return Faulty(made.settings, made.store)


@pytest.fixture(scope="module")
def address(served_trainer: Faulty) -> Iterator[str]:
    with screenshots.served(served_trainer) as at:
        yield at


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with screenshots.browser() as opened:
        yield opened


def _context(chromium: Browser, size: dict[str, int], scheme: str) -> BrowserContext:
    # One context a size and scheme, for the browser then keeps the page's parts from one test to the next.
    known = [one for one in chromium.contexts if one.pages and one.pages[0].title() == f"{size['width']} {scheme}"]
    if known:
        return known[0]
    context = chromium.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    context.set_default_timeout(PATIENCE_MS)
    context.new_page().set_content(f"<title>{size['width']} {scheme}</title>")
    return context


@contextmanager
def _opened(chromium: Browser, size: dict[str, int], scheme: str = "light") -> Generator[Page]:
    page = _context(chromium, size, scheme).new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    page.close()
    own = ("data", "blob")
    assert [url for url in asked if urlsplit(url).scheme not in own and urlsplit(url).hostname != "127.0.0.1"] == []
    assert faults == []


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    with _opened(chromium, request.param) as opened:
        yield opened


@pytest.fixture
def desktop(chromium: Browser) -> Iterator[Page]:
    with _opened(chromium, DESKTOP) as opened:
        yield opened


def _turns(page: Page) -> int:
    return page.locator("#transcript [data-turn]").count()


def test_a_session_is_played_from_the_cards_to_the_debrief(page: Page, address: str) -> None:
    choose(page, address, "freight-vp")
    expect(page.locator("#transcript")).to_contain_text("Northwash, Tasker.")
    for message in (GOOD, PITCH, "What happens on the dock on a night when it goes wrong?"):
        say(page, message)
    expect(page.locator("#message textarea")).to_have_value("")

    opener = page.locator("#transcript .turn .cite").first
    if not opener.is_visible():
        page.locator("#transcript .feedback:has(.cite) > summary").first.click()
    opener.click()
    passage = page.locator(".passage:popover-open")
    expect(passage).to_be_visible()
    for term in ("When", "Better", "Why"):
        expect(passage).to_contain_text(term)
    page.keyboard.press("Escape")
    expect(passage).to_have_count(0)

    page.reload()
    page.locator("#transcript [data-turn='3']").wait_for()
    assert _turns(page) == 3
    expect(page.locator("#transcript")).to_contain_text(GOOD)

    page.locator("#end").click()
    expect(page.locator(".debrief-head h1")).to_contain_text("Craig")
    expect(page.locator("#picture .main-svg").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".objections")).to_contain_text("AI routing")
    expect(page.locator(".principle")).to_have_count(5)
    expect(page.locator(".missed li").first).to_be_visible()


def test_the_columns_stand_beside_each_other_only_where_there_is_room(page: Page, address: str) -> None:
    choose(page, address, "freight-vp")
    say(page, GOOD)
    # All at once: the page still scrolls to the last turn.
    names = ["#side", ".turn.last .said", ".turn.last .coach"]
    brief, said, coach = page.evaluate(
        "names => names.map(name => document.querySelector(name).getBoundingClientRect().toJSON())", names
    )
    if page.viewport_size == DESKTOP:
        assert brief["x"] + brief["width"] <= said["x"]
        assert said["x"] + said["width"] <= coach["x"]
        expect(page.locator("details.brief")).to_have_attribute("open", "")
    else:
        assert said["y"] + said["height"] <= coach["y"]
        assert page.locator("details.brief[open]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_whatever_is_typed_is_shown_as_text(desktop: Page, address: str) -> None:
    choose(desktop, address, "freight-vp")
    say(desktop, HOSTILE)
    expect(desktop.locator("#transcript .turn.last .rep .text")).to_have_text(HOSTILE)
    assert (
        desktop.locator(
            "#transcript img, #transcript script, #transcript strong, #transcript a, #transcript code"
        ).count()
        == 0
    )
    desktop.locator("#end").click()
    expect(desktop.locator(".debrief-head")).to_be_visible()
    expect(desktop.locator(".transcript .rep .text")).to_have_text(HOSTILE)
    assert desktop.evaluate("window.pwned") is None


@pytest.mark.parametrize(
    "message",
    ["שלום, מה שלומך היום?", "👩‍🔧🚚 How does a load get here? 🙂", "\u202eevil\u0007 text"],
    ids=["rtl", "emoji", "control"],
)
def test_any_script_makes_a_turn_and_harms_nothing(desktop: Page, address: str, message: str) -> None:
    choose(desktop, address, "freight-vp")
    say(desktop, message)
    say(desktop, GOOD)
    assert _turns(desktop) == 2


@pytest.mark.parametrize("message", ["", "   "], ids=["nothing", "blanks"])
def test_an_empty_message_gives_a_hint_and_sends_nothing(desktop: Page, address: str, message: str) -> None:
    choose(desktop, address, "freight-vp")
    desktop.locator("#message textarea").fill(message)
    desktop.locator("#send").click()
    expect(desktop.locator("#problem")).to_have_text(EMPTY)
    assert _turns(desktop) == 0
    say(desktop, GOOD)
    expect(desktop.locator("#problem")).to_have_text("")


def test_a_message_too_long_is_refused_and_kept(desktop: Page, address: str) -> None:
    choose(desktop, address, "freight-vp")
    text = "why " * 6_000
    desktop.locator("#message textarea").fill(text)
    desktop.locator("#send").click()
    expect(desktop.locator("#problem")).to_contain_text("20,000")
    expect(desktop.locator("#message textarea")).to_have_value(text)
    expect(desktop.locator("#message textarea")).to_be_editable()


def test_a_turn_that_failed_keeps_the_text_and_says_why(page: Page, address: str, served_trainer: Faulty) -> None:
    choose(page, address, "freight-vp")
    say(page, GOOD)
    served_trainer.is_full = True
    try:
        page.locator("#message textarea").fill(PITCH)
        page.locator("#message textarea").press("Enter")
        expect(page.locator("#problem")).to_have_text(FULL)
    finally:
        served_trainer.is_full = False
    expect(page.locator("#message textarea")).to_have_value(PITCH)
    expect(page.locator("#live")).to_have_text("")
    assert _turns(page) == 1
    page.locator("#message textarea").press("Enter")
    page.locator("#transcript [data-turn='2']").wait_for()


def test_the_box_is_locked_and_words_stream_while_a_turn_runs(desktop: Page, address: str) -> None:
    choose(desktop, address, "freight-vp")
    desktop.evaluate(WATCH_THE_TURN)
    say(desktop, GOOD)
    seen = desktop.evaluate("window.seen")
    lines = list(dict.fromkeys(line for line, _ in seen if line != "…"))
    assert len(lines) >= 3
    assert all(later.startswith(earlier) for earlier, later in pairwise(lines))
    assert any(is_locked for _, is_locked in seen)
    expect(desktop.locator("#message textarea")).to_be_editable()


def test_shift_and_enter_makes_a_line(desktop: Page, address: str) -> None:
    choose(desktop, address, "freight-vp")
    box = desktop.locator("#message textarea")
    box.press_sequentially("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    expect(box).to_have_value("one\ntwo")
    assert _turns(desktop) == 0


def test_the_keyboard_alone_is_enough(desktop: Page, address: str) -> None:
    desktop.goto(address)
    desktop.locator(".card").first.wait_for()
    _tab_to(desktop, "[data-pick=freight-vp]")
    assert desktop.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    desktop.keyboard.press("Enter")
    desktop.locator(".scenario").wait_for()
    _tab_to(desktop, "#depth input")
    desktop.keyboard.press("ArrowRight")
    _tab_to(desktop, "#start")
    desktop.keyboard.press("Enter")
    desktop.locator("#transcript .turn").first.wait_for()
    expect(desktop.locator("#message textarea")).to_be_focused()
    desktop.keyboard.type(PITCH)
    desktop.keyboard.press("Enter")
    desktop.locator("#transcript [data-turn='1']").wait_for()
    expect(desktop.locator("#message textarea")).to_be_focused()
    _tab_to(desktop, ".cite", backwards=True)
    desktop.keyboard.press("Enter")
    expect(desktop.locator(".passage:popover-open")).to_be_visible()
    desktop.keyboard.press("Tab")
    desktop.keyboard.press("Enter")
    expect(desktop.locator(".passage:popover-open")).to_have_count(0)
    _tab_to(desktop, "#end")
    desktop.keyboard.press("Enter")
    expect(desktop.locator(".debrief-head")).to_be_visible()


def _tab_to(page: Page, selector: str, *, backwards: bool = False) -> None:
    for _ in range(60):
        if page.evaluate("(selector) => !!document.activeElement?.matches(selector)", selector):
            return
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
    raise AssertionError(f"no way to {selector} by Tab")


def test_the_mind_is_hidden_until_asked_for_and_stays_in_sight_then(page: Page, address: str) -> None:
    choose(page, address, "freight-vp")
    expect(page.locator("#mind meter").first).to_be_hidden()
    page.locator("#mind summary").click()
    expect(page.locator("#mind meter")).to_have_count(5)
    expect(page.locator("#mind meter").first).to_be_visible()
    say(page, GOOD)
    expect(page.locator("#mind meter").first).to_be_visible()


def test_an_assessed_run_says_nothing_until_the_end(desktop: Page, address: str) -> None:
    desktop.goto(address)
    desktop.locator("[data-pick=freight-vp]").click()
    desktop.locator("#assessed input").check()
    desktop.locator("#start").click()
    desktop.locator("#transcript .turn").first.wait_for()
    say(desktop, GOOD)
    assert desktop.locator("#transcript .feedback").count() == 0
    desktop.locator("#end").click()
    expect(desktop.locator(".transcript .feedback")).to_have_count(1)


def test_a_session_is_found_again_in_the_list_after_a_restart(chromium: Browser, tmp_path: Path) -> None:
    with screenshots.served(build(Settings(home=tmp_path))) as first, _opened(chromium, DESKTOP) as desktop:
        choose(desktop, first, "freight-vp")
        say(desktop, GOOD)
    with screenshots.served(build(Settings(home=tmp_path))) as second, _opened(chromium, DESKTOP) as desktop:
        desktop.goto(second)
        desktop.locator("[data-session]").first.click()
        desktop.locator("#transcript [data-turn='1']").wait_for()
        desktop.wait_for_url("**session=*")
        say(desktop, PITCH)
        desktop.locator("#end").click()
        expect(desktop.locator(".debrief-head")).to_be_visible()
        desktop.locator("#home").click()
        expect(desktop.locator("[data-session]").first).to_contain_text("Read the debrief")
        desktop.wait_for_url(lambda url: "session=" not in url)


def test_back_leads_from_a_call_to_the_cards(desktop: Page, address: str) -> None:
    choose(desktop, address, "freight-vp")
    desktop.wait_for_url("**session=*")
    desktop.go_back()
    expect(desktop.locator(".card").first).to_be_visible()


def test_an_address_of_no_session_leads_to_the_cards_and_says_so(desktop: Page, address: str) -> None:
    desktop.goto(f"{address}/?session=nothing-here")
    expect(desktop.locator("#notice")).to_contain_text("nothing-here")
    expect(desktop.locator(".card").first).to_be_visible()


def test_a_call_that_the_buyer_ends_leads_to_the_debrief(desktop: Page, address: str) -> None:
    choose(desktop, address, "freight-vp")
    for _ in range(8):
        if desktop.locator("#read").is_visible():
            break
        say(desktop, "If you sign by Friday I can hold the price, this is your last chance, so just say yes now.")
        desktop.wait_for_timeout(200)
    expect(desktop.locator("#over-line")).to_contain_text("Craig ended the call.")
    expect(desktop.locator("#message")).to_be_hidden()
    desktop.locator("#read").click()
    expect(desktop.locator(".debrief-head")).to_contain_text("Ended the call")


def test_the_box_has_a_name_for_screen_readers(desktop: Page, address: str) -> None:
    choose(desktop, address, "freight-vp")
    expect(desktop.get_by_role("textbox", name="Your message")).to_be_visible()
    expect(desktop.get_by_role("log", name="The call so far")).to_be_visible()


def test_the_page_says_what_speaks_and_that_nothing_leaves(desktop: Page, address: str) -> None:
    desktop.goto(address)
    expect(desktop.locator("#speaking")).to_contain_text("drafted lines, no model")
    expect(desktop.locator("#speaking")).to_contain_text("Nothing leaves this machine")
    assert desktop.get_by_text("Built with Gradio").count() == 0


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_and_buttons_can_be_hit(
    chromium: Browser, address: str, size: dict[str, int], scheme: str
) -> None:
    with _opened(chromium, size, scheme) as page:
        page.goto(address)
        page.locator(".card").first.wait_for()
        found = {"choose": page.evaluate(TEXT_CONTRASTS) + page.evaluate(SMALL_BUTTONS)}
        choose(page, address, "freight-vp")
        say(page, GOOD)
        say(page, PITCH)
        page.locator("#message textarea").blur()
        found["practise"] = page.evaluate(TEXT_CONTRASTS) + page.evaluate(SMALL_BUTTONS)
        page.locator("#end").click()
        page.locator("#picture .main-svg").first.wait_for()
        found["debrief"] = page.evaluate(TEXT_CONTRASTS) + page.evaluate(SMALL_BUTTONS)
        assert found == {"choose": [], "practise": [], "debrief": []}


def test_the_models_panel_opens_by_keyboard_and_says_that_none_is_set(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".card").first.wait_for()
    expect(page.locator("#models")).to_be_hidden()
    page.locator("#model-panel > button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#models")).to_contain_text("No model is set")
    expect(page.locator("#models")).to_contain_text("INERTIA_MODEL")
    expect(page.locator("#voice input").first).to_be_disabled()
    assert page.evaluate(TEXT_CONTRASTS) + page.evaluate(SMALL_BUTTONS) == []
    page.keyboard.press("Tab")
    expect(page.locator("#check")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#models")).to_contain_text("passages", timeout=PATIENCE_MS)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_port_in_use_is_told_in_one_line(served_trainer: Faulty) -> None:
    from bot.errors import UserError
    from ui.app import serve

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UserError, match="--port"):
        serve(served_trainer, "127.0.0.1", taken.getsockname()[1])


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
