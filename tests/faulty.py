"""A small server of OpenAI's chat protocol on this machine that misbehaves on purpose, a behaviour a request."""

from __future__ import annotations

import json
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, ClassVar

MODEL = "parrot"
PROMPT_TOKENS = 1000


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    path: str
    body: dict[str, Any]
    authorization: str

    @property
    def shape(self) -> str | None:
        """How the answer was asked for: the type of `response_format`, None for none."""
        form: dict[str, str] = self.body.get("response_format") or {}
        return form.get("type")

    @property
    def last(self) -> str:
        """The words of the last message."""
        return str(self.body["messages"][-1]["content"])


class Exchange:
    """One request and the means to answer it, well or badly."""

    def __init__(self, handler: _Handler, request: Request) -> None:
        self.request = request
        self._handler = handler
        self._has_begun = False

    def wait(self, seconds: float) -> None:
        """Be silent; ends at once when the server is closed."""
        if self._handler.server.faulty.is_over.wait(seconds):
            raise ConnectionAbortedError

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        """An error of OpenAI's shape that repeats the key and the prompt, as some servers do."""
        said = f"Incorrect request by {self.request.authorization}: {self.request.last}"
        self.send(status, json.dumps({"error": {"message": said, "type": "error", "code": said}}), headers)

    def send(self, status: int, text: str, headers: Mapping[str, str]) -> None:
        """A body as a whole."""
        body = text.encode()
        self._handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(body))}.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()
        self._handler.wfile.write(body)

    def raw(self, text: str) -> None:
        """A stretch of the stream as it is."""
        if not self._has_begun:
            self._has_begun = True
            self._handler.send_response(200)
            self._handler.send_header("Content-Type", "text/event-stream")
            self._handler.send_header("Transfer-Encoding", "chunked")
            self._handler.end_headers()
        data = text.encode()
        self._handler.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def event(self, choices: list[dict[str, Any]], **more: object) -> None:
        """A chunk of the stream."""
        self.raw("data: " + json.dumps(_answer("chat.completion.chunk", choices, more)) + "\n\n")

    def word(self, text: str) -> None:
        """A stretch of the reply."""
        self.event([{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}])

    def end(self, reason: str = "stop") -> None:
        """The stream's proper end, with the count of tokens."""
        self.event([{"index": 0, "delta": {}, "finish_reason": reason}])
        self.event([], usage=_usage())
        self.raw("data: [DONE]\n\n")
        self.close_stream()

    def close_stream(self) -> None:
        """The end of the bytes, whatever was said."""
        self._handler.wfile.write(b"0\r\n\r\n")

    def reply(self, text: str, reason: str = "stop") -> None:
        """A reply as it should be, streamed or whole as it was asked for."""
        if self.request.body.get("stream"):
            for word in re.findall(r"\S+\s*", text):
                self.word(word)
            self.end(reason)
        else:
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
            self.send(200, json.dumps(_answer("chat.completion", [choice], {"usage": _usage()})), {})

    def hang_up(self, *, hard: bool) -> None:
        """Close the connection in the middle, `hard` with a reset."""
        if hard:
            self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionAbortedError


Behaviour = Callable[[Exchange], None]


def _answer(kind: str, choices: list[dict[str, Any]], more: Mapping[str, object]) -> dict[str, object]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": MODEL, "choices": choices, **more}


def _usage() -> dict[str, int]:
    return {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": 20, "total_tokens": PROMPT_TOKENS + 20}


def refuses(status: int, **headers: str) -> Behaviour:
    """Answers with an error; `retry_after="1"` becomes the header Retry-After."""
    return lambda exchange: exchange.refuse(
        status, {name.replace("_", "-").title(): value for name, value in headers.items()}
    )


def refuses_shapes(*shapes: str, otherwise: Behaviour) -> Behaviour:
    """Does not know these ways to ask for JSON."""

    def behave(exchange: Exchange) -> None:
        (refuses(400) if exchange.request.shape in shapes else otherwise)(exchange)

    return behave


def says(text: str, *, reason: str = "stop") -> Behaviour:
    """Answers with the text, as it should; ends for that reason ("length" where it had no more tokens)."""
    return lambda exchange: exchange.reply(text, reason)


def says_the_draft(exchange: Exchange) -> None:
    """Answers with what stands last between « and » in the last message: the line that the plan drafted."""
    exchange.reply(re.findall(r"«([^»]+)»", exchange.request.last)[-1])


def says_nothing(exchange: Exchange) -> None:
    """Ends properly without a word."""
    exchange.reply("")


def is_silent(seconds: float) -> Behaviour:
    """Takes the request and gives no first word for so long."""

    def behave(exchange: Exchange) -> None:
        exchange.wait(seconds)
        exchange.reply("Too late.")

    return behave


def stalls(text: str, seconds: float) -> Behaviour:
    """Says the text, then nothing for so long."""

    def behave(exchange: Exchange) -> None:
        exchange.word(text)
        exchange.wait(seconds)
        exchange.end()

    return behave


def breaks_off(text: str, *, hard: bool = False) -> Behaviour:
    """Says the text, then the connection is gone."""

    def behave(exchange: Exchange) -> None:
        exchange.word(text)
        exchange.hang_up(hard=hard)

    return behave


def ends_without_end(text: str) -> Behaviour:
    """Says the text, then closes the stream in good order, but with neither finish reason nor [DONE]."""

    def behave(exchange: Exchange) -> None:
        exchange.word(text)
        exchange.close_stream()

    return behave


def hangs_up(exchange: Exchange) -> None:
    """Takes the request and is gone without a byte."""
    exchange.hang_up(hard=True)


def drips(text: str, every_s: float) -> Behaviour:
    """Says the same stretch again and again, for ever."""

    def behave(exchange: Exchange) -> None:
        while True:
            exchange.word(text)
            exchange.wait(every_s)

    return behave


def fails_in_the_stream(exchange: Exchange) -> None:
    """Says a word, then an error event that repeats the key."""
    exchange.word("Well, ")
    said = json.dumps({"error": {"message": f"failed for {exchange.request.authorization}", "code": 500}})
    exchange.raw(f"data: {said}\n\n")
    exchange.close_stream()


def sends_a_page(exchange: Exchange) -> None:
    """Sends a web page with the key on it, as a proxy might, where a stream should be."""
    exchange.send(200, f"<html>Welcome, {exchange.request.authorization}!</html>", {"Content-Type": "text/html"})


def sends_garbage(exchange: Exchange) -> None:
    """Sends events that are no JSON."""
    exchange.raw(f'data: {{"choices": [oops {exchange.request.authorization}\n\n\x00\x01data: }}{{\n\n')
    exchange.close_stream()


class Faulty:
    """The server: behaves by one behaviour a request, by the last one ever after; notes the requests it got."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self._behaviours = list(behaviours)
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.is_over = threading.Event()

    def __enter__(self) -> Faulty:
        self._listener = _Listener(("127.0.0.1", 0), _Handler)
        self._listener.faulty = self
        threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.is_over.set()
        self._listener.shutdown()
        self._listener.server_close()

    @property
    def url(self) -> str:
        """The base URL for a client."""
        return f"http://127.0.0.1:{self._listener.server_address[1]}/v1"

    def take(self, request: Request) -> Behaviour:
        """Note a request; how to answer it."""
        with self._lock:
            self.requests.append(request)
            return self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]


class _Listener(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    faulty: Faulty

    def shutdown_request(self, request: Any) -> None:
        """Close at once: a farewell sent first would turn a reset into an orderly end."""
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Neither a client that left nor a connection cut on purpose is an error here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Listener  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True

    def do_GET(self) -> None:
        """The list of models."""
        models = {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1, "owned_by": "nobody"}]}
        Exchange(self, Request(self.path, {}, "")).send(200, json.dumps(models), {})

    def do_POST(self) -> None:
        """A chat completion."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = Request(self.path, body, self.headers.get("Authorization", ""))
        self.server.faulty.take(request)(Exchange(self, request))

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""


def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as briefly:
        briefly.bind(("127.0.0.1", 0))
        return briefly.getsockname()[1]
