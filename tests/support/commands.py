"""Run ``tiebreak`` commands in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-c", "from tiebreak.cli.main import main; main()"]
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "100"}


def tiebreak(*args: str | Path, stdin: str = "", code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command; fails unless it exits with *code*."""
    done = subprocess.run(
        [*COMMAND, *map(str, args)],
        input=stdin, env=ENV, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
    return done


def document(*args: str | Path, code: int = 0) -> dict[str, Any]:
    """Run a command with ``--json``; the one document that it prints on stdout."""
    told: dict[str, Any] = json.loads(tiebreak(*args, "--json", code=code).stdout)
    return told
