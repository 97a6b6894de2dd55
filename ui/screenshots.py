"""Pictures of the page: `python -m ui.screenshots OUT` plays a short call at two widths, light and dark."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from bot.build import Trainer, build
from bot.settings import Settings

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES = ((1440, 900), (390, 844))
BUYER = "freight-vp"
CALL = (
    "Craig, I'm not ringing to show you anything. Your claims provision went from £190,000 to £345,000 in one year. "
    "May I say what I see in that, and you tell me where it's wrong?",
    "We have a planning platform with AI routing and a live map. Shall I show you a quick demo?",
    "When one hub takes everything, pallets that start and finish on the same side of it get driven in and back out. "
    "It shows as extra trailers: you added 14 for 3% more pallets. How does that look from the dock?",
)
PATIENCE_MS = 60_000


@contextmanager
def served(trainer: Trainer) -> Generator[str]:
    """The real page on a free port of the loopback address; gives its address."""
    from ui.app import build_app

    server = uvicorn.Server(
        uvicorn.Config(build_app(trainer), port=0, log_level="warning", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the page could not be served")
        thread.join(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def browser() -> Generator[Browser]:
    """The machine's Chromium, or Playwright's own where there is none."""
    with sync_playwright() as playwright:
        path = CHROMIUM if CHROMIUM.exists() else None
        opened = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield opened
        finally:
            opened.close()


def say(page: Page, message: str) -> None:
    """Send a message and wait for the whole turn."""
    before = page.locator("#transcript [data-turn]").count()
    page.locator("#message textarea").fill(message)
    page.locator("#message textarea").press("Enter")
    page.locator("#transcript [data-turn]").nth(before).wait_for(timeout=PATIENCE_MS)


def choose(page: Page, address: str, buyer: str) -> None:
    """Open the page and start a call with a buyer."""
    page.goto(address)
    page.locator(f"[data-pick={buyer}]").click(timeout=PATIENCE_MS)
    page.locator("#start").click()
    page.locator("#transcript .turn").first.wait_for(timeout=PATIENCE_MS)


def take(opened: Browser, address: str, out: Path, size: tuple[int, int], scheme: str) -> None:
    """The pictures of one width and one colour scheme."""
    context = opened.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    page.goto(address)
    page.locator(".card").first.wait_for(timeout=PATIENCE_MS)
    page.screenshot(path=out / f"choose-{size[0]}-{scheme}.png", full_page=True)
    choose(page, address, BUYER)
    for message in CALL:
        say(page, message)
    page.wait_for_timeout(400)
    page.screenshot(path=out / f"practise-{size[0]}-{scheme}.png")
    page.locator("#end").click()
    page.locator("#picture .main-svg").first.wait_for(timeout=PATIENCE_MS)
    page.wait_for_timeout(400)
    page.screenshot(path=out / f"debrief-{size[0]}-{scheme}.png", full_page=True)
    context.close()


def main() -> int:
    """Take every picture into the folder that is named."""
    if len(sys.argv) != 2:
        print("usage: python -m ui.screenshots OUT", file=sys.stderr)
        return 2
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        served(build(Settings(home=Path(home)))) as address,
        browser() as opened,
    ):
        for size in SIZES:
            for scheme in ("light", "dark"):
                take(opened, address, out, size, scheme)
                print(f"{size[0]} {scheme}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
