"""The only maker of chat models: from settings to a LangChain model, imported when one is used."""

from __future__ import annotations

import importlib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.errors import UserError
from bot.settings import NO_MODEL, Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Role = Literal["prospect", "coach", "reader", "judge"]
ROLES: tuple[Role, ...] = ("prospect", "coach", "reader", "judge")
# Servers that speak OpenAI's protocol, and where they listen unless told otherwise.
COMPATIBLE = {
    "openai": None,
    "ollama": "http://127.0.0.1:11434/v1",
    "lmstudio": "http://127.0.0.1:1234/v1",
    "vllm": "http://127.0.0.1:8000/v1",
    "llamacpp": "http://127.0.0.1:8080/v1",
}
AT_ONCE_HERE, AT_ONCE_ELSEWHERE = 1, 8


@dataclass(frozen=True)
class ModelName:
    """Which model plays a role, where it is, and its key; the key shows in no text."""

    role: Role
    provider: str
    name: str
    base_url: str | None
    key: SecretStr | None

    @property
    def label(self) -> str:
        """How the model is named to people."""
        return f"{self.provider}:{self.name}"

    @property
    def server(self) -> str:
        """What stands for the server that answers: calls to the same one share its slots."""
        return self.base_url or self.provider

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine."""
        host = urlsplit(self.base_url or "").hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    @property
    def place(self) -> str:
        """Where the server is, as it may be shown: without a login or a query that its address may hold."""
        return shown(self.base_url) if self.base_url else self.provider


def model_of(settings: Settings, role: Role) -> ModelName | None:
    """The model of a role, None where drafts and the embedded coach do it; UserError for a name that is none."""
    own: str | None = getattr(settings, f"{role}_model")
    said = own or settings.model
    if said is None or said.strip().lower() in ("", NO_MODEL):
        return None
    provider, _, name = said.partition(":")
    setting = f"INERTIA_{role.upper()}_MODEL" if own else "INERTIA_MODEL"
    if not name or not provider:
        raise UserError(
            f"{setting} {said!r}: is not PROVIDER:NAME; write for example openai:gpt-4o-mini or ollama:llama3"
        )
    base_url: str | None = getattr(settings, f"{role}_base_url") or settings.base_url or COMPATIBLE.get(provider)
    if base_url is not None and urlsplit(base_url).scheme not in ("http", "https"):
        raise UserError(f"base URL {shown(base_url)!r}: is no http address; write for example http://127.0.0.1:8091/v1")
    return ModelName(role, provider, name, base_url, getattr(settings, f"{role}_api_key") or settings.api_key)


def shown(address: str) -> str:
    """An address without a login, a query or a fragment."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.scheme else parts.path[:60]


def at_once(settings: Settings, model: ModelName) -> int:
    """How many calls the model's server is given at a time."""
    return settings.calls_at_once or (AT_ONCE_HERE if model.is_here else AT_ONCE_ELSEWHERE)


def make(model: ModelName, *, temperature: float, most_tokens: int, timeout_s: float) -> BaseChatModel:
    """A chat model that neither retries nor waits longer than `timeout_s` for a byte; UserError where it cannot be."""
    if model.provider in COMPATIBLE:
        return _compatible(model, temperature, most_tokens, timeout_s)
    init: Callable[..., BaseChatModel] = cast(Any, importlib.import_module("langchain.chat_models")).init_chat_model
    more: dict[str, Any] = {"base_url": model.base_url} if model.base_url else {}
    if model.key:
        more["api_key"] = model.key.get_secret_value()
    try:
        return init(
            model.name,
            model_provider=model.provider,
            temperature=temperature,
            max_tokens=most_tokens,
            timeout=timeout_s,
            max_retries=0,
            **more,
        )
    except ImportError as error:
        raise UserError(f"{model.label}: its package is missing; install langchain-{model.provider}") from error
    except ValueError as error:
        raise UserError(f"{model.label}: LangChain knows no such provider, or it lacks its key") from error


def _compatible(model: ModelName, temperature: float, most_tokens: int, timeout_s: float) -> BaseChatModel:
    if model.key is None and model.base_url is None:
        raise UserError(f"{model.label}: has no key; set INERTIA_API_KEY, or INERTIA_BASE_URL for a server of your own")
    httpx: Any = importlib.import_module("httpx")
    openai: Any = importlib.import_module("langchain_openai")
    maker: Callable[..., BaseChatModel] = openai.ChatOpenAI
    return maker(
        model=model.name,
        base_url=model.base_url,
        # A server of one's own wants no key, but the client wants one to send.
        api_key=model.key or SecretStr("none"),
        temperature=temperature,
        max_tokens=most_tokens,
        timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, 5.0)),
        max_retries=0,
        stream_usage=True,
    )
