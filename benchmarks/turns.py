"""What a turn costs, against a floor of the same run: `python -m benchmarks.turns`.

The floor is one pass of the encoder over the message, one Chroma query and one committed row. Figures are printed in
milliseconds with p50 and p95; nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil

from bot.build import Trainer, build
from bot.cli import read_script
from bot.session import Session
from bot.settings import Settings
from bot.store import Store
from bot.turn import Watch, play_turn

SCRIPTS = Path(__file__).parents[1] / "tests/scripts"
STAGES = ("reading", "mind", "director", "retrieval", "feedback", "store")
EMPTY_PAGE = """
import sys
import gradio
with gradio.Blocks() as page:
    gradio.Markdown("x")
page.launch(server_port=int(sys.argv[1]), quiet=True)
"""


def ms(seconds: Sequence[float], share: float) -> float:
    """A percentile in milliseconds."""
    return float(np.percentile(np.array(seconds), share)) * 1000


def scripts() -> dict[str, list[str]]:
    """A strong and a poor rep."""
    found = sorted(SCRIPTS.glob("*-strong-1.txt"))
    return {path.name.removesuffix("-strong-1.txt"): read_script(path) for path in found}


def floor(trainer: Trainer, messages: Sequence[str], folder: Path) -> list[float]:
    """Seconds of the three things that no turn can do without."""
    rows = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
    rows.execute("PRAGMA journal_mode=WAL")
    rows.execute("PRAGMA synchronous=NORMAL")
    rows.execute("CREATE TABLE turns (body TEXT)")
    seconds: list[float] = []
    for message in messages:
        began = time.perf_counter()
        vector = trainer.embedder.encode([message])[0]
        trainer.index.query(vector, 3)
        rows.execute("BEGIN")
        rows.execute("INSERT INTO turns VALUES (?)", (message * 20,))
        rows.execute("COMMIT")
        seconds.append(time.perf_counter() - began)
    rows.close()
    return seconds


def play_all(trainer: Trainer, rounds: int) -> tuple[Watch, list[float], list[str]]:
    """Every persona's script, so many times: the stages, whole turns in seconds, and the messages played."""
    watch, whole, played = Watch(), list[float](), list[str]()
    for seed in range(rounds):
        for persona, messages in scripts().items():
            session = trainer.start(persona, seed=seed)
            for message in messages:
                if session.is_over:
                    break
                began = time.perf_counter()
                session = play_turn(trainer, session, message, watch)
                whole.append(time.perf_counter() - began)
                played.append(message)
    return watch, whole, played


def crowd(trainer: Trainer, sessions: int, turns: int) -> tuple[int, float, float]:
    """So many sessions at once, a thread each: errors, turns a second, p95 of a turn in seconds."""
    waits: list[float] = []
    errors: list[BaseException] = []
    everybody = threading.Barrier(sessions)
    buyers = list(scripts().items())

    def one(number: int) -> None:
        persona, messages = buyers[number % len(buyers)]
        try:
            session: Session = trainer.start(persona, seed=number)
            everybody.wait(timeout=120)
            for message in messages[:turns]:
                if session.is_over:
                    break
                began = time.perf_counter()
                session = play_turn(trainer, session, message)
                waits.append(time.perf_counter() - began)
        except BaseException as error:
            errors.append(error)
            everybody.abort()

    began = time.perf_counter()
    with ThreadPoolExecutor(sessions) as pool:
        list(pool.map(one, range(sessions)))
    for error in errors[:3]:
        print("error:", repr(error)[:200])
    return len(errors), len(waits) / (time.perf_counter() - began), float(np.percentile(np.array(waits or [0.0]), 95))


def until_answers(command: Callable[[int], list[str]], home: Path) -> tuple[float, float]:
    """Seconds until a page answers, and the server's resident memory in MB then."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "INERTIA_HOME": str(home), "GRADIO_ANALYTICS_ENABLED": "False"}
    began = time.perf_counter()
    server = subprocess.Popen(command(port), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while time.perf_counter() - began < 60:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    answer.read()
                break
            except OSError:
                time.sleep(0.02)
        took = time.perf_counter() - began
        time.sleep(6)
        return took, psutil.Process(server.pid).memory_info().rss / 1e6
    finally:
        server.terminate()
        server.wait(timeout=20)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--sessions", type=int, default=200)
    options.add_argument("--skip-serve", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        trainer = build(Settings(home=home))
        play_all(trainer, 1)
        watch, whole, played = play_all(trainer, chosen.rounds)
        least = floor(trainer, played, home)
        print(f"{len(whole)} turns of {len(scripts())} buyers, one at a time\n")
        print("| stage | p50 ms | p95 ms |\n|---|---|---|")
        for stage in STAGES:
            print(f"| {stage} | {ms(watch.seconds[stage], 50):.2f} | {ms(watch.seconds[stage], 95):.2f} |")
        print(f"| **whole turn** | {ms(whole, 50):.2f} | {ms(whole, 95):.2f} |")
        print(
            f"| floor: an encoder pass, a Chroma query, a committed row | {ms(least, 50):.2f} | {ms(least, 95):.2f} |"
        )
        typical, slowest = ms(whole, 50) / ms(least, 50), ms(whole, 95) / ms(least, 95)
        print(f"| turn / floor | {typical:.2f} | {slowest:.2f} |\n")
        shared = replace(trainer, store=Store(f"sqlite:///{home / 'crowd.sqlite'}"))
        errors, rate, slow = crowd(shared, chosen.sessions, 6)
        print(f"{chosen.sessions} sessions at once, 6 turns each: {errors} errors, {rate:.0f} turns a second,")
        print(f"p95 of a turn {slow * 1000:.0f} ms")
        print(f"memory of this process after it all: {psutil.Process().memory_info().rss / 1e6:.0f} MB")
        if not chosen.skip_serve:
            pairs = [
                (
                    until_answers(lambda port: [sys.executable, "-m", "bot.cli", "serve", "--port", str(port)], home),
                    until_answers(lambda port: [sys.executable, "-c", EMPTY_PAGE, str(port)], home),
                )
                for _ in range(3)
            ]
            ours, theirs = sorted(a[0] for a, _ in pairs)[1], sorted(b[0] for _, b in pairs)[1]
            print(f"start-up until the page answers: {ours:.2f} s; an empty Gradio page: {theirs:.2f} s;")
            print(f"ratio {ours / theirs:.2f}")
            print(f"resident memory of the server, warmed: {max(a[1] for a, _ in pairs):.0f} MB")


if __name__ == "__main__":
    main()
