"""A loopback HTTP server that speaks ``/v1/chat/completions``: the ground of our test servers."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Sent:
    """What goes back: a JSON body or raw bytes; ``reset`` cuts the connection instead."""

    body: dict[str, Any] | bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    reset: bool = False


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing to complain of; the rest is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class ChatServer:
    """Answers each POST with ``respond(body)``, in a thread of its own.

    ``calls`` counts requests, ``answered`` replies with status 200, ``peak`` the most requests
    under way at once; ``bodies`` and ``headers`` keep what was sent, in order of arrival.
    """

    def __init__(self, respond: Callable[[dict[str, Any]], Sent], *, port: int = 0) -> None:
        self.calls = 0
        self.answered = 0
        self.peak = 0
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._respond = respond
        self._under_way = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", port), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """The address to give as ``base_url``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def wait(self) -> None:
        """Serve until interrupted."""
        with contextlib.suppress(KeyboardInterrupt):
            self._thread.join()

    def _handle(self, body: dict[str, Any], headers: dict[str, str]) -> Sent:
        with self._lock:
            self.calls += 1
            self.bodies.append(body)
            self.headers.append(headers)
            self._under_way += 1
            self.peak = max(self.peak, self._under_way)
        try:
            sent = self._respond(body)
            if sent.delay:
                time.sleep(sent.delay)
        finally:
            with self._lock:
                self._under_way -= 1
        with self._lock:
            self.answered += sent.status == 200 and not sent.reset
        return sent

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                owner._open.add(self.connection)

            def finish(self) -> None:
                owner._open.discard(self.connection)
                with contextlib.suppress(OSError):
                    super().finish()

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                sent = owner._handle(body, {k.lower(): v for k, v in self.headers.items()})
                if sent.reset:
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.close_connection = True
                    self.connection.close()
                    return
                raw = sent.body if isinstance(sent.body, bytes) else json.dumps(sent.body).encode()
                with contextlib.suppress(OSError):  # the client may have gone
                    self.send_response(sent.status)
                    for name, value in sent.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(raw)))
                    self.end_headers()
                    self.wfile.write(raw)
                    self.wfile.flush()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


def chat_reply(
    text: str | None,
    *,
    refusal: str | None = None,
    finish: str = "stop",
    top: list[tuple[str, float]] | None = None,
    prompt_tokens: int = 10,
    completion_tokens: int = 5,
    cached_tokens: int = 0,
) -> dict[str, Any]:
    """The body of a chat completion. *top* are (token, logprob) of the first token."""
    logprobs = None
    if top is not None:
        listed = [{"token": t, "logprob": p, "bytes": None} for t, p in top]
        logprobs = {"content": [{**listed[0], "top_logprobs": listed}] if listed else []}
    return {
        "id": "chatcmpl-loopback",
        "object": "chat.completion",
        "created": 0,
        "model": "loopback",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": text, "refusal": refusal},
                "logprobs": logprobs,
            }
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
            "prompt_tokens_details": {"cached_tokens": cached_tokens},
        },
    }
