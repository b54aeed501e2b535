"""A PostgreSQL server for the tests: unprivileged, in a scratch directory, on loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MISSING = "PostgreSQL server programs (initdb, postgres) not found: install postgresql-15"
SUPERUSER = "tiebreak"


def programs() -> Path | None:
    """The folder with ``initdb`` and ``postgres``: the newest of Debian's, else from PATH."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: [int(n) for n in folder.parent.name.split(".") if n.isdigit()],
        reverse=True,
    )
    found = shutil.which("initdb")
    for folder in [*debian, *([Path(found).resolve().parent] if found else [])]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


class Postgres:
    """A running server; `empty` gives the URL of its database with nothing in it."""

    def __init__(self, port: int) -> None:
        self.url = f"postgresql://{SUPERUSER}@127.0.0.1:{port}/postgres"

    def run(self, *statements: str) -> None:
        """Run statements outside of any transaction."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as conn:
            for statement in statements:
                conn.execute(statement)  # type: ignore[call-overload, unused-ignore]

    def empty(self) -> str:
        """Throw out whoever is connected and everything there is; returns the URL."""
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public",
        )
        return self.url


@contextmanager
def server(bin_folder: Path) -> Iterator[Postgres]:
    """Start a server, stop it in the end and remove everything it wrote."""
    scratch = Path(tempfile.mkdtemp(prefix="tiebreak-postgres-"))
    try:
        drop_rights = _unprivileged(scratch)
        data = scratch / "data"
        _initdb(drop_rights, bin_folder, data)
        port = _free_port()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": 100,
            "shared_buffers": "32MB",
        }
        args = [arg for name, value in options.items() for arg in ("-c", f"{name}={value}")]
        with (scratch / "log").open("wb") as log:
            process = subprocess.Popen(
                [*drop_rights, bin_folder / "postgres", "-D", data, *args],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=scratch,
            )
        try:
            running = Postgres(port)
            _wait(running, process, scratch / "log")
            yield running
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(timeout=30)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _unprivileged(scratch: Path) -> list[str]:
    """What to put before a command so that it does not run as root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return []
    names = [user.pw_name for user in pwd.getpwall()]
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(scratch, user.pw_uid, user.pw_gid)
    ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if setpriv := shutil.which("setpriv"):
        return [setpriv, *ids, "--"]
    return ["runuser", "-u", user.pw_name, "--"]


def _initdb(drop_rights: list[str], bin_folder: Path, data: Path) -> None:
    made = subprocess.run(
        [
            *drop_rights,
            bin_folder / "initdb",
            *("-D", data, "-U", SUPERUSER, "--auth=trust", "--no-sync", "--encoding=UTF8"),
            "--locale=C",
        ],
        capture_output=True,
        text=True,
        cwd=data.parent,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(running: Postgres, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + 60
    while True:
        try:
            running.run("SELECT 1")
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start:\n{said}") from error
        time.sleep(0.05)
