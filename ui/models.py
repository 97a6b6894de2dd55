"""The panel of the models: what is set, what a check found, what was spent, and who may switch."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from bot.build import Trainer
from bot.errors import Failure, UserError
from bot.models import ROLES, Role
from bot.models_check import INSTEAD, Checked, describe, elsewhere, speaking, spent_on, told, without_login
from bot.session import Session
from bot.store import Store
from ui.html import fill, join, render

if TYPE_CHECKING:
    from gradio import Request

PANEL = '<div class="models"><dl class="facts">{rows}</dl>{lines}</div>'
ROW = '<div class="{kind}"><dt>{part}</dt><dd>{line}</dd></div>'
LINE = '<p class="model-line">{}</p>'
FOOT = '<p class="speaking"><span>Speaking: {who}.</span> <span>{where}</span>{spent}</p>'
# How to set one, for whoever can.
HOW = (
    "No model is set. To set one, write INERTIA_MODEL=openai:NAME and, for a server of your own, "
    "INERTIA_BASE_URL=http://127.0.0.1:8080/v1 into the file .env, then start Inertia anew."
)
NOT_HERE = "Only a person at the machine that serves this page can switch; nothing was changed."
ASKING = "Asking each once. A slow model can take a minute …"
# What a server between here and the browser leaves; behind one, nobody counts as being here.
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


def panel(trainer: Trainer, store: Store, checked: Sequence[Checked] = ()) -> str:
    """What is set for each role, or what a check found; this month's spending, and how to set a model."""
    if checked:
        rows = [_row(one.part, describe(one), is_wrong=one.answers is False) for one in checked]
    else:
        rows = [_set(trainer, role) for role in ROLES]
    lines = [_month(trainer, store)] if is_any_set(trainer) else [HOW]
    return render(fill(PANEL, rows=join(rows), lines=join(fill(LINE, line) for line in lines)))


def _row(part: str, line: str, *, is_wrong: bool = False) -> Markup:
    return fill(ROW, kind="model-wrong" if is_wrong else "model-row", part=part.capitalize(), line=line)


def _set(trainer: Trainer, role: Role) -> Markup:
    try:
        model = trainer.callers.configured(role)
    except UserError as error:
        return _row(role, without_login(str(error)), is_wrong=True)
    if model is None:
        return _row(role, INSTEAD[role])
    return _row(role, without_login(f"{model.label} at {model.base_url}" if model.base_url else model.label))


def _month(trainer: Trainer, store: Store) -> str:
    try:
        spent = told(store.spent())
    except (UserError, Failure) as error:
        return str(error)
    limit = trainer.settings.spend_limit
    return f"This month: {spent}." + (
        f" The limit is {limit:g}; drafted lines go on after it." if limit is not None else ""
    )


def is_any_set(trainer: Trainer) -> bool:
    """Whether a model is set for anything that a call needs."""
    try:
        return any(trainer.callers.configured(role) for role in ("prospect", "coach", "reader"))
    except UserError:
        return True


def voice(trainer: Trainer) -> str:
    """Which of the two is switched on."""
    return "model" if trainer.callers.is_on and is_any_set(trainer) else "drafts"


def is_here(request: Request | None) -> bool:
    """Whether a request comes from a person at this very machine."""
    client: Any = getattr(request, "client", None)
    if request is None or client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        address = ip_address(str(client.host))
    except ValueError:
        return False
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (inner or address).is_loopback


def told_line(text: str) -> str:
    """One line below the panel; empty text clears it."""
    return render(fill('<p class="model-line" role="status">{}</p>', text)) if text else ""


def foot(trainer: Trainer, session: Session | None = None) -> str:
    """Who speaks, where what is said goes, and what the session's calls took."""
    servers = elsewhere(trainer)
    where = f"What is said goes to {', '.join(servers)}." if servers else "Nothing leaves this machine."
    calls = [call for turn in session.turns for call in turn.calls] if session else []
    spent = fill(" <span>This session: {}.</span>", told(spent_on(calls))) if calls else ""
    return render(fill(FOOT, who=speaking(trainer), where=where, spent=spent))
