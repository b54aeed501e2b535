"""Run ``tiebreak`` commands in a process of their own, or quicker in this one."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-c", "from tiebreak.cli.main import main; main()"]
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "100"}
Done = subprocess.CompletedProcess[str]


def tiebreak(
    *args: str | Path, stdin: str = "", code: int = 0, env: Mapping[str, str | None] | None = None
) -> Done:
    """Run a command; fails unless it exits with *code*. *env* is added; None takes a name away."""
    names = {**ENV, **(env or {})}
    done = subprocess.run(
        [*COMMAND, *map(str, args)],
        input=stdin, env={k: v for k, v in names.items() if v is not None},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return _checked(done, code)


def inside(*args: str | Path, code: int = 0) -> Done:
    """Run a command in this process, which spares its start; fails unless it exits with *code*."""
    from tiebreak.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    ended: Any = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(x) for x in args])
        except SystemExit as end:
            ended = end.code or 0
    return _checked(Done([str(x) for x in args], ended, out.getvalue(), err.getvalue()), code)


def document(*args: str | Path, code: int = 0) -> dict[str, Any]:
    """Run a command with ``--json``; the one document that it prints on stdout."""
    return read(tiebreak(*args, "--json", code=code))


def inside_document(*args: str | Path, code: int = 0) -> dict[str, Any]:
    """`document`, in this process."""
    return read(inside(*args, "--json", code=code))


def read(done: Done) -> dict[str, Any]:
    """The one document on a command's stdout."""
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _checked(done: Done, code: int) -> Done:
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
    return done
