"""``tiebreak review``: builds the app over one project and serves it until it is stopped."""

from __future__ import annotations

import gc
import importlib
import socket
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from tiebreak.api import Project
from tiebreak.errors import UsageError
from tiebreak.ui.background import LearnerOptions
from tiebreak.ui.server.guard import clean_name
from tiebreak.ui.server.routes import routes
from tiebreak.ui.server.security_headers import SecurityHeaders
from tiebreak.ui.server.served import Served, serve
from tiebreak.ui.server.supervisor import Supervisor

HOST = "127.0.0.1"
LOOPBACK = (HOST, "localhost", "::1")
FIRST_PORT = 8501
PORTS = 100
SCRIPT = Path(__file__).parents[1] / "pages" / "script.py"

WARM = (
    "faiss",
    "pandas",
    "streamlit.components.v2.bidi_component",
    "streamlit.dataframe_util",
    "tiebreak.ui.pages.review",
    "tiebreak.ui.pages.status",
)
"""Imported before the first page asks for them."""

_FONTS = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

_LIGHT = {
    "primaryColor": "#0F766E",
    "backgroundColor": "#FCFCFB",
    "secondaryBackgroundColor": "#F3F4F2",
    "textColor": "#1B1F1E",
    "borderColor": "#D9DDDA",
    "linkColor": "#0F766E",
}
_DARK = {
    "primaryColor": "#2DD4BF",
    "backgroundColor": "#131716",
    "secondaryBackgroundColor": "#1C2220",
    "textColor": "#E7ECEA",
    "borderColor": "#37403D",
    "linkColor": "#2DD4BF",
}
"""One accent that is not red, quiet greys, in light and in dark."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewOptions:
    """How to serve. ``port`` 0: the first free one from 8501; ``who``: ask nobody for a name."""

    host: str = HOST
    port: int = 0
    who: str = ""
    learn: bool = True
    open_browser: bool = False
    learner: LearnerOptions = field(default_factory=LearnerOptions)


def serve_project(folder: Path, options: ReviewOptions, *, say: Callable[[str], None]) -> None:
    """Serve the project in *folder* until Ctrl-C; *say* gets the lines for people.

    Raises:
        ConfigError: no project there.
        UsageError: the port is taken, or the name is empty once it is cleaned.
    """
    who = clean_name(options.who)
    if options.who and not who:
        raise UsageError(f"--who {options.who!r} is no name.", mend="Give letters.")
    port = free_port(options.host, options.port)
    project = Project.open(folder, agent="none")  # the learner has the agent
    served = Served(
        project=project,
        learner=Supervisor(project.context.folder, options.learner, enabled=options.learn),
        who=who,
    )
    asgi = app(served)
    url = f"http://{'[' + options.host + ']' if ':' in options.host else options.host}:{port}"
    say(f"Review at {url}   (Ctrl-C stops it)")
    if options.open_browser:
        _open_when_up(url, options.host, port)
    with redirect_stdout(StringIO()):  # Streamlit's banner would repeat the address
        asgi.run(config=config(options.host, port))


def app(served: Served) -> Any:
    """The ASGI app (`streamlit.App`) over a served project."""
    import streamlit as st
    from starlette.middleware import Middleware

    serve(served)
    for name in WARM:
        importlib.import_module(name)
    # What is imported by now stays for good: without this Streamlit's collection after every
    # script run walks all of it, which costs ten times the run.
    gc.collect()
    gc.freeze()

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        served.start()
        try:
            yield
        finally:
            served.stop()

    return st.App(
        SCRIPT,
        routes=routes(served),
        middleware=[Middleware(SecurityHeaders)],
        lifespan=lifespan,
    )


def config(host: str, port: int) -> dict[str, Any]:
    """Streamlit's options for this app."""
    local = host in LOOPBACK
    return {
        "server.address": host,
        # A name that resolves to this machine must not open the app's socket (DNS rebinding).
        **({"server.allowedHosts": list(LOOPBACK), "browser.serverAddress": host} if local else {}),
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.enableStaticServing": False,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        **_theme(),
    }


def _theme() -> dict[str, Any]:
    """Streamlit options by dotted name."""
    both = {
        "theme.font": _FONTS,
        "theme.baseFontSize": 15,
        "theme.baseRadius": "6px",
        "theme.showWidgetBorder": True,
        "theme.showSidebarBorder": True,
        "theme.headingFontSizes": ["1.5rem", "1.2rem", "1rem"],
        "theme.headingFontWeights": 600,
        "theme.metricValueFontSize": "1.6rem",
        "theme.metricValueFontWeight": 600,
        "theme.paddingTop": "1.5rem",
        "theme.paddingBottom": "1.5rem",
    }
    light = {f"theme.light.{name}": value for name, value in _LIGHT.items()}
    dark = {f"theme.dark.{name}": value for name, value in _DARK.items()}
    return {**both, **light, **dark}


def free_port(host: str, wanted: int) -> int:
    """The port asked for if it is free, else (0 asked) the first free one from 8501."""
    for port in [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + PORTS):
        with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as problem:
                if wanted:
                    raise UsageError(
                        f"Port {wanted} at {host!r} cannot be used: {problem.strerror}.",
                        mend="Give another --port, or none to take a free one.",
                    ) from None
                continue
            return port
    raise UsageError(f"No port from {FIRST_PORT} on is free at {host!r}.", mend="Give a --port.")


def _open_when_up(url: str, host: str, port: int) -> None:
    """Open a browser at *url* as soon as the server takes connections, in the background."""

    def wait() -> None:
        for _ in range(300):
            with closing(socket.socket()) as probe:
                probe.settimeout(0.1)
                if probe.connect_ex((host, port)) == 0:
                    webbrowser.open(url)
                    return
            threading.Event().wait(0.1)

    threading.Thread(target=wait, daemon=True).start()
