"""What every test runs under: no network for models, a clock and a database server to ask for."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

# Before anything imports a Hugging Face library, which reads this once.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TIEBREAK_NO_REMOTE_LLM"] = "1"

import pytest
from clock import TickingClock
from hypothesis import settings
from postgres import MISSING, Postgres, programs, server

# No test asserts wall time, which a busy machine decides; hypothesis would, for each example.
settings.register_profile("any_machine", parent=settings(), deadline=None)
settings.load_profile("any_machine")

# A shell that runs the tests in the background has them ignore Ctrl-C, and so would each command.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def clock() -> TickingClock:
    """A clock that ticks a millisecond at every reading and moves when told to."""
    return TickingClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One PostgreSQL server for the whole run."""
    folder = programs()
    if folder is None:
        pytest.skip(MISSING)
    pytest.importorskip("psycopg", reason="psycopg not found: pip install 'tiebreak[postgres]'")
    with server(folder) as running:
        yield running


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> str:
    """The URL of an empty PostgreSQL database. Mark the test with ``postgres``."""
    return postgres_server.empty()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty database is, once on each engine."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return str(tmp_path / "store.db")


MARKED = ("postgres", "browser", "embedded")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With TIEBREAK_NO_SKIPS=1 a skip of a marked test is a failure: its program should be here."""
    report = yield
    marks = [name for name in MARKED if item.get_closest_marker(name)]
    if report.skipped and marks and os.environ.get("TIEBREAK_NO_SKIPS") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped, though {marks} must run here: {report.longrepr}"
    return report
