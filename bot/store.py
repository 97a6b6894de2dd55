"""Sessions, kept: SQLAlchemy over SQLite here, PostgreSQL by URL; a turn is stored whole or not at all."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from sqlalchemy import (
    Boolean,
    Engine,
    Float,
    ForeignKey,
    Integer,
    String,
    Text,
    create_engine,
    event,
    func,
    select,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.orm import Session as Connection

from bot.errors import Failure, StoreBusy, StoreFull, UserError
from bot.mind import Mind
from bot.session import Session, Turn

log = logging.getLogger(__name__)
BUSY_TIMEOUT_S = 10.0


class Base(DeclarativeBase):
    """The tables."""


class SessionRow(Base):
    """A session without its turns."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    persona: Mapped[str] = mapped_column(String(60))
    scenario: Mapped[str] = mapped_column(String(60))
    seed: Mapped[int] = mapped_column(Integer)
    depth: Mapped[str] = mapped_column(String(12))
    assessed: Mapped[bool] = mapped_column(Boolean)
    started: Mapped[str] = mapped_column(String(40), index=True)
    closed: Mapped[bool] = mapped_column(Boolean, default=False)
    outcome: Mapped[str] = mapped_column(String(24), default="open")
    start_mind: Mapped[str] = mapped_column(Text)


class TurnRow(Base):
    """One turn as JSON; the pair of session and number is the key, so a number is taken once."""

    __tablename__ = "turns"

    session: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[str] = mapped_column(Text)


class CallRow(Base):
    """A call to a model: its tokens and what it cost, None where no price was on file."""

    __tablename__ = "calls"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    session: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    turn: Mapped[int] = mapped_column(Integer)
    month: Mapped[str] = mapped_column(String(7), index=True)
    tokens: Mapped[int] = mapped_column(Integer)
    cost: Mapped[float | None] = mapped_column(Float)


@dataclass(frozen=True)
class Spent:
    """Tokens and cost of calls to models; `unpriced` counts those without a price on file."""

    tokens: int
    cost: float
    unpriced: int


@dataclass(frozen=True)
class Listed:
    """A line of the list of sessions."""

    id: str
    persona: str
    started: str
    outcome: str
    turns: int
    closed: bool


class Store:
    """The sessions of one database; safe to share by threads. The database is opened at its first use."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opening = threading.Lock()

    @cached_property
    def _engine(self) -> Engine:
        with self._opening:
            engine = _connect(self._url)
            with _explained():
                migrate(engine)
            return engine

    def add(self, session: Session) -> None:
        """Store a new session."""
        row = SessionRow(
            id=session.id,
            persona=session.persona,
            scenario=session.scenario,
            seed=session.seed,
            depth=session.depth,
            assessed=session.assessed,
            started=session.started,
            closed=False,
            outcome="open",
            start_mind=session.start.model_dump_json(),
        )
        with _explained(), Connection(self._engine) as connection, connection.begin():
            connection.add(row)

    def append(self, session: Session, turn: Turn) -> None:
        """Store a turn in one transaction; UserError when another turn took its number or the call is over."""
        outcome = session.with_turn(turn).outcome
        still_open = (SessionRow.id == session.id) & SessionRow.closed.is_(False) & (SessionRow.outcome == "open")
        with _explained(), Connection(self._engine) as connection, connection.begin():
            touched = connection.execute(update(SessionRow).where(still_open).values(outcome=outcome))
            if touched.rowcount != 1:  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
                raise UserError(f"session {session.id}: the call is over or gone; start another one")
            connection.add(TurnRow(session=session.id, number=turn.number, body=turn.model_dump_json()))
            month = this_month()
            connection.add_all(
                CallRow(session=session.id, turn=turn.number, month=month, tokens=c.prompt + c.completion, cost=c.cost)
                for c in turn.calls
            )
            try:
                connection.flush()
            except IntegrityError as error:
                raise UserError(
                    f"turn {turn.number} was just sent from elsewhere; reload to see it, then send again"
                ) from error

    def close(self, name: str) -> None:
        """End a session; ending an ended one changes nothing."""
        with _explained(), Connection(self._engine) as connection, connection.begin():
            connection.execute(update(SessionRow).where(SessionRow.id == name).values(closed=True))

    def load(self, name: str) -> Session:
        """A session with its turns; UserError where there is none of that id."""
        with _explained(), Connection(self._engine) as connection:
            row = connection.get(SessionRow, name)
            if row is None:
                raise UserError(f"session {name[:40]!r}: there is none of that id; choose one from the list")
            bodies = connection.scalars(
                select(TurnRow.body).where(TurnRow.session == name).order_by(TurnRow.number)
            ).all()
            return Session(
                id=row.id,
                persona=row.persona,
                scenario=row.scenario,
                seed=row.seed,
                depth=row.depth,  # pyright: ignore[reportArgumentType]
                assessed=row.assessed,
                started=row.started,
                closed=row.closed,
                start=Mind.model_validate_json(row.start_mind),
                turns=tuple(Turn.model_validate_json(body) for body in bodies),
            )

    def spent(self, month: str | None = None) -> Spent:
        """What calls to models took in a month ("2026-11"), this one unless told otherwise."""
        sums = func.coalesce(func.sum(CallRow.tokens), 0), func.coalesce(func.sum(CallRow.cost), 0.0)
        query = select(*sums, func.count(CallRow.id) - func.count(CallRow.cost))
        with _explained(), Connection(self._engine) as connection:
            row = connection.execute(query.where(CallRow.month == (month or this_month()))).one()
            return Spent(int(row[0] or 0), float(row[1] or 0.0), int(row[2]))

    def sessions(self, most: int = 100) -> list[Listed]:
        """The newest sessions, newest first."""
        turns = func.count(TurnRow.number)
        query = (
            select(SessionRow, turns)
            .outerjoin(TurnRow, TurnRow.session == SessionRow.id)
            .group_by(SessionRow.id)
            .order_by(SessionRow.started.desc(), SessionRow.id)
            .limit(most)
        )
        with _explained(), Connection(self._engine) as connection:
            return [
                Listed(r.id, r.persona, r.started, r.outcome, int(count), r.closed)
                for r, count in connection.execute(query)
            ]


def this_month() -> str:
    """The month that spending counts for, as year and month."""
    return datetime.now(UTC).strftime("%Y-%m")


def migrate(engine: Engine) -> None:
    """Bring a database to the newest shape, by Alembic."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(str(files("bot").joinpath("migrations")))))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _connect(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UserError(
            f"INERTIA_DATABASE {url[:60]!r}: is no database URL; write one like sqlite:///sessions.sqlite"
        ) from error
    if not parsed.drivername.startswith("sqlite"):
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database:
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{Path(parsed.database).parent}: cannot be made ({error.strerror}); "
                "set INERTIA_HOME to a folder that you can write"
            ) from error
    engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_size=10, max_overflow=20)
    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    # Write-ahead logging survives kill -9 with every committed turn, and lets readers go on while one writes.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")


@contextmanager
def _explained() -> Generator[None]:
    """Turn the database's faults into one clear line each; the cause is logged whole."""
    try:
        yield
    except (OperationalError, DBAPIError) as error:
        cause = str(error.orig).lower()
        log.warning("the database failed", exc_info=error)
        if "locked" in cause or "busy" in cause:
            raise StoreBusy(
                "the sessions' database is locked by another program; nothing was stored, send it again"
            ) from error
        if "full" in cause or "no space" in cause:
            raise StoreFull("the disk is full; nothing was stored: free some space, then send it again") from error
        if "readonly" in cause or "unable to open" in cause:
            raise UserError(
                "the sessions' database cannot be written; check its folder's rights, or set INERTIA_HOME"
            ) from error
        if "not a database" in cause or "malformed" in cause:
            raise UserError(
                "the sessions' database is damaged; move sessions.sqlite out of the way, a new one will be made"
            ) from error
        raise Failure("the sessions' database failed; nothing was stored, and the cause was logged") from error
