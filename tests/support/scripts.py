"""Run a Python script, or code, as a user does: in a process of its own, in a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from commands import ENV

EXAMPLES = Path(__file__).parents[2] / "examples"


def python(*args: str | Path, folder: Path) -> str:
    """What ``python ARGS`` printed; fails unless it ends well. No network for models."""
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:tiebreak", *map(str, args)],
        cwd=folder, env={**ENV, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
