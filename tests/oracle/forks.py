"""A process that has loaded the command line once, and forks for each command that it is told to
run: commands start in no time, and none of them sees what another left in memory.

``python -P forks.py``; then a line of JSON a command on stdin, and its exit code a line on stdout.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import secrets
import sys
import traceback
from collections.abc import Callable
from importlib import import_module

HEAVY = ("numpy", "scipy.stats", "scipy.sparse", "sklearn.linear_model", "sklearn.cluster",
         "sqlalchemy", "pandas", "pyarrow", "pydantic", "yaml", "rich.console", "rich.table",
         "typer", "psycopg")  # fmt: skip


def _zeros(nbytes: int | None = None) -> bytes:
    """Coins of a promise by people are drawn with a secret that nobody can foresee; here they are
    drawn with zeros, or no two plays would audit the same records."""
    return bytes(nbytes or 32)


def _play(told: dict[str, str], main: Callable[[list[str]], None]) -> None:
    """In the fork: be the command, from its standard streams to its end."""
    os.chdir(told["cwd"])
    ways = {"stdin": os.O_RDONLY, "stdout": os.O_WRONLY, "stderr": os.O_WRONLY}
    for number, (name, way) in enumerate(ways.items()):
        opened = os.open(told[name], way)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["tiebreak", *told["args"]]
    code: object = 0
    try:
        main(list(told["args"]))
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)  # nothing of the loaded modules is taken down


def _serve() -> dict[str, str]:
    """Fork for each line; in a fork, what it is to play. Ends with the input."""
    asks, answers = os.fdopen(os.dup(0), "rb", buffering=0), os.dup(1)
    while line := asks.readline():
        child = os.fork()
        if not child:
            asks.close()
            os.close(answers)
            told: dict[str, str] = json.loads(line)
            return told
        _, status = os.waitpid(child, 0)
        os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    sys.exit()


if __name__ == "__main__":
    secrets.token_bytes = _zeros
    for name in HEAVY:
        with contextlib.suppress(ImportError):
            import_module(name)
    command_line = import_module("tiebreak.cli.main").main
    getattr(import_module("tiebreak"), "Project", None)  # the public face loads most of the rest
    gc.collect()
    gc.freeze()  # a fork's collector leaves alone, and so does not copy, what was there before
    _play(_serve(), command_line)
