"""The store: whole turns or none, faults in one line, migrations from the start."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect, text

from bot import store as store_module
from bot.build import Trainer
from bot.errors import Failure, StoreBusy, StoreFull, UserError
from bot.session import Call, Session, Turn
from bot.store import Base, Spent, Store, migrate, this_month
from bot.turn import play_turn


def test_a_session_is_found_again_as_it_was(keeping: Trainer) -> None:
    session = play_turn(
        keeping, keeping.start("freight-vp", seed=3), "You have 84 trailers. How do you plan the nine trunks?"
    )
    assert keeping.store is not None
    assert keeping.store.load(session.id) == session
    listed = keeping.store.sessions()[0]
    assert (listed.id, listed.turns, listed.outcome, listed.closed) == (session.id, 1, "open", False)


def test_after_a_restart_the_call_goes_on_as_if_nothing_had_happened(keeping: Trainer, tmp_path: Path) -> None:
    messages = [
        "You have 84 trailers. How do you plan the nine trunks?",
        "Why does it matter that drivers know the road?",
    ]
    whole = keeping.start("freight-vp", seed=5)
    for message in messages:
        whole = play_turn(keeping, whole, message)
    cut = play_turn(keeping, keeping.start("freight-vp", seed=5), messages[0])
    again = replace(keeping, store=Store(f"sqlite:///{tmp_path / 'sessions.sqlite'}"))
    assert again.store is not None
    resumed = play_turn(again, again.store.load(cut.id), messages[1])
    assert [t.prospect for t in resumed.turns] == [t.prospect for t in whole.turns]


def test_the_same_turn_sent_twice_is_stored_once_and_refused_once(keeping: Trainer) -> None:
    session = keeping.start("freight-vp", seed=1)
    results: list[str] = []

    def send() -> None:
        try:
            play_turn(keeping, session, "How do you plan the nine trunks?")
            results.append("stored")
        except UserError as error:
            results.append(str(error))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("stored") == 1
    assert sum("sent from elsewhere" in result for result in results) == 1
    assert keeping.store is not None
    assert len(keeping.store.load(session.id).turns) == 1


def test_a_closed_call_takes_no_more_turns(keeping: Trainer) -> None:
    session = keeping.start("freight-vp", seed=1)
    closed = keeping.close(session)
    for state in (session, closed):
        with pytest.raises(UserError, match="over"):
            play_turn(keeping, state, "Hello again")


def test_an_unknown_session_says_so(keeping: Trainer) -> None:
    assert keeping.store is not None
    with pytest.raises(UserError, match="none of that id"):
        keeping.store.load("nope")


def test_a_locked_database_is_one_clear_line_and_nothing_is_stored(
    keeping: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "BUSY_TIMEOUT_S", 0.05)
    session = keeping.start("freight-vp", seed=1)
    lock = sqlite3.connect(tmp_path / "sessions.sqlite", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusy, match="locked"):
        play_turn(keeping, session, "How do you plan the nine trunks?")
    lock.execute("ROLLBACK")
    assert len(play_turn(keeping, session, "How do you plan the nine trunks?").turns) == 1


def test_a_full_disk_is_one_clear_line_and_the_session_goes_on(keeping: Trainer) -> None:
    session = keeping.start("freight-vp", seed=1)
    assert keeping.store is not None
    raw = keeping.store._engine.raw_connection()
    pages = raw.cursor().execute("PRAGMA page_count").fetchone()[0]
    raw.close()
    with keeping.store._engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    message = "How do you plan the nine trunks?" + " And then?" * 900
    with pytest.raises(StoreFull, match="full"):
        play_turn(keeping, session, message)
    with keeping.store._engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages * 100}")
    assert len(play_turn(keeping, session, message).turns) == 1


def test_a_damaged_database_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "s.sqlite").write_bytes(b"this is not a database at all" * 100)
    with pytest.raises((UserError, Failure), match="damaged"):
        Store(f"sqlite:///{tmp_path / 's.sqlite'}").sessions()


def test_a_wrong_database_address_says_what_to_do() -> None:
    with pytest.raises(UserError, match="INERTIA_DATABASE"):
        Store("not a url").sessions()


def test_the_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'm.sqlite'}")
    migrate(engine)
    migrate(engine)
    made = inspect(engine)
    for name, table in Base.metadata.tables.items():
        assert {c["name"] for c in made.get_columns(name)} == set(table.columns.keys())


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from bot.build import build
    from bot.settings import Settings
    from bot.turn import Word, play_turn, run_turn
    trainer = build(Settings(home=Path(sys.argv[1])))
    session = trainer.start("freight-vp", seed=1)
    session = play_turn(trainer, session, "How do you plan the nine trunks?")
    print(session.id, flush=True)
    if sys.argv[2] == "between":
        os.kill(os.getpid(), signal.SIGKILL)
    for event in run_turn(trainer, session, "Why does it matter that it stays on the wall?"):
        if isinstance(event, Word):
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("when", ["between", "during"])
def test_kill_loses_at_most_the_unfinished_turn(trainer: Trainer, tmp_path: Path, when: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), when],
        capture_output=True,
        text=True,
        env={**os.environ},
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    store = Store(f"sqlite:///{tmp_path / 'sessions.sqlite'}")
    session = store.load(done.stdout.strip())
    assert len(session.turns) == 1
    again = play_turn(replace(trainer, store=store), session, "Why does it matter that it stays on the wall?")
    assert len(store.load(again.id).turns) == 2


def called(tokens: int, cost: float | None, role: str = "prospect") -> Call:
    return Call(
        role=role, model="fake:one", prompt=tokens - 1, cached=0, completion=1, counted_by="the server", cost=cost,
        first_s=None, whole_s=0.1,
    )  # fmt: skip


def played(keeping: Trainer, *calls: Call) -> tuple[Store, Session, Turn]:
    """A new session on file, and its first turn with calls in it, not yet on file."""
    assert keeping.store is not None
    session = keeping.start("freight-vp", seed=1)
    turn = play_turn(replace(keeping, store=None), session, "How do you plan the nine trunks?").turns[0]
    return keeping.store, session, turn.model_copy(update={"calls": calls})


def test_calls_are_stored_with_their_turn_and_add_up_for_the_month(keeping: Trainer) -> None:
    store, session, turn = played(keeping, called(1000, 0.25), called(500, None, "coach"), called(300, 0.0, "reader"))
    assert store.spent() == Spent(0, 0.0, 0)
    store.append(session, turn)
    assert store.load(session.id).turns == (turn,)
    assert store.spent() == Spent(1800, 0.25, 1)
    other = keeping.start("freight-vp", seed=2)
    store.append(other, turn.model_copy(update={"calls": (called(200, 0.5),)}))
    assert store.spent() == Spent(2000, 0.75, 1)
    assert store.spent("1999-01") == Spent(0, 0.0, 0)


def test_another_months_calls_do_not_count_for_this_one(keeping: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    store, session, turn = played(keeping, called(1000, 0.25))
    monkeypatch.setattr(store_module, "this_month", lambda: "1999-12")
    store.append(session, turn)
    monkeypatch.undo()
    assert store.spent("1999-12") == Spent(1000, 0.25, 0)
    assert store.spent(this_month()) == store.spent() == Spent(0, 0.0, 0)


def test_a_turn_that_is_refused_leaves_no_call_behind(keeping: Trainer) -> None:
    store, session, turn = played(keeping, called(1000, 0.25))
    store.append(session, turn)
    with pytest.raises(UserError, match="sent from elsewhere"):
        store.append(session, turn)
    store.close(session.id)
    with pytest.raises(UserError, match="over"):
        store.append(session, turn.model_copy(update={"number": 2}))
    assert store.spent() == Spent(1000, 0.25, 0)


def test_a_call_that_cannot_be_stored_takes_its_turn_with_it(keeping: Trainer) -> None:
    store, session, turn = played(keeping, called(1000, 0.25))
    with store._engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER no_calls BEFORE INSERT ON calls BEGIN SELECT RAISE(ABORT, 'no more calls'); END"
        )
    # However the fault is told, nothing of the turn may stay.
    with pytest.raises((UserError, Failure)):
        store.append(session, turn)
    assert store.load(session.id).turns == ()
    with store._engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER no_calls")
    store.append(session, turn)
    assert store.spent() == Spent(1000, 0.25, 0)


def test_what_was_spent_is_still_known_after_a_restart(keeping: Trainer, tmp_path: Path) -> None:
    store, session, turn = played(keeping, called(1000, 0.25), called(1, None))
    store.append(session, turn)
    assert Store(f"sqlite:///{tmp_path / 'sessions.sqlite'}").spent() == Spent(1001, 0.25, 1)


def _migrated_to(revision: str, url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(store_module.__file__).parent / "migrations"))
    with create_engine(url).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


# What a turn of the first revision's time did not hold yet.
NEW_SINCE_0001 = ("spoken", "second", "calls")


def test_a_database_of_the_first_revision_is_brought_up_with_all_its_sessions(
    trainer: Trainer, keeping: Trainer, tmp_path: Path
) -> None:
    assert keeping.store is not None
    session = play_turn(keeping, keeping.start("freight-vp", seed=3), "How do you plan the nine trunks?")
    closed = keeping.close(keeping.start("dentist-owner", seed=4))
    url = f"sqlite:///{tmp_path / 'old.sqlite'}"
    _migrated_to("0001", url)
    engine = create_engine(url)
    assert "calls" not in inspect(engine).get_table_names()
    with engine.begin() as old, keeping.store._engine.connect() as new:
        for table in ("sessions", "turns"):
            found = new.execute(text(f"SELECT * FROM {table}"))
            names = list(found.keys())
            slots = ", ".join(f":{name}" for name in names)
            for row in found:
                values = dict(zip(names, row, strict=True))
                old.execute(text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({slots})"), values)
        body = session.turns[0].model_dump_json(exclude=set(NEW_SINCE_0001))
        old.execute(text("UPDATE turns SET body = :body"), {"body": body})

    store = Store(url)
    assert store.load(session.id) == session
    assert store.load(closed.id).closed
    assert {listed.id for listed in store.sessions()} == {session.id, closed.id}
    assert store.spent() == Spent(0, 0.0, 0)
    on = play_turn(replace(trainer, store=store), store.load(session.id), "Why does it matter that they know the road?")
    assert len(store.load(on.id).turns) == 2
    assert Store(url).load(on.id) == on
