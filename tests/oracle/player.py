"""Plays commands of one code tree in a folder of their own, and keeps what came out.

Commands run in processes of their own with the tree first on the path (`forks`). Nothing of it is
imported but the command line's ``main``, so that trees whose modules lie elsewhere play the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from old_projects import has_dump, unpack
from rules import clean_json, clean_printed, clean_stderr, clean_text

PINNED = {
    # One kind of processor and one thread: sums are added up in one order.
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "AVX2",
    "FAISS_OPT_LEVEL": "AVX2",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    # No network, no chance, one width, UTF-8, each line as it is written.
    "HF_HUB_OFFLINE": "1",
    "TIEBREAK_NO_REMOTE_LLM": "1",
    "OPENAI_API_KEY": "none",
    "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1",
    "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "COLUMNS": "100",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "USER": "oracle",
    "LOGNAME": "oracle",
}
TAKEN_AWAY = ("TERM", "NO_COLOR", "FORCE_COLOR", "TIEBREAK_NO_SKIPS", "PYTHONWARNINGS")
FORKS = Path(__file__).with_name("forks.py")
STREAMS = ("stdin", "stdout", "stderr")
CARD = re.compile(r"^╭─+ (?P<id>\S+) ─+╮$")
"""The first line of a card in the terminal: its record's id."""

Emptied = Callable[[], str]
"""Gives the URL of an empty database that stays empty for nobody else."""


class Player:
    """One story on the stage: ``kept`` is a list of what each step gave, in order.

    Args:
        code: the tree that is played; it has the package ``tiebreak``.
        stage: an empty folder, in which all commands run and where their files are.
        database: for each project an empty database, where it is not SQLite.
    """

    def __init__(self, code: Path, stage: Path, database: Emptied | None = None) -> None:
        self.stage = stage
        self.kept: list[dict[str, Any]] = []
        self._database = database
        self._env = {k: v for k, v in os.environ.items() if k not in TAKEN_AWAY}
        self._env |= {**PINNED, "PYTHONPATH": str(code.resolve())}

    def __enter__(self) -> Self:
        self._forks = subprocess.Popen(
            [sys.executable, "-P", str(FORKS)],
            env=self._env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self._forks.communicate(timeout=60)

    def run(self, *args: str | int | float, stdin: str = "") -> None:
        """Run a command, and keep its exit code, stdout and stderr."""
        words = [str(arg) for arg in args]
        with tempfile.TemporaryDirectory() as folder:
            names = {name: Path(folder) / name for name in STREAMS}
            names["stdin"].write_text(stdin, encoding="utf-8")
            names["stdout"].touch()
            names["stderr"].touch()
            self._begin(words, names)
            code = self._ended()
            out, err = (names[x].read_bytes().decode() for x in STREAMS[1:])
        self._keep(words, code, out, err)

    def label(self, folder: str, who: str, answers: Mapping[str, str], most: int = 1000) -> None:
        """Answer the queue in the terminal: by a card's id the line to type, ``s`` without one."""
        words = ["label", folder, "--who", who]
        shown: list[str] = []
        with tempfile.TemporaryDirectory() as scratch:
            names = {name: Path(scratch) / name for name in STREAMS}
            os.mkfifo(names["stdin"])
            os.mkfifo(names["stdout"])
            names["stderr"].touch()
            self._begin(words, names)
            with (
                names["stdin"].open("w", encoding="utf-8") as keys,
                names["stdout"].open(encoding="utf-8") as screen,
                contextlib.suppress(BrokenPipeError),
            ):
                for line in screen:
                    shown.append(line)
                    if card := CARD.match(line.rstrip("\n")):
                        most -= 1
                        keys.write((answers.get(card["id"], "s") if most >= 0 else "q") + "\n")
                        keys.flush()
            code = self._ended()
            err = names["stderr"].read_text(encoding="utf-8")
        self._keep(words, code, "".join(shown), err)

    def _begin(self, words: list[str], names: Mapping[str, Path]) -> None:
        told = {"cwd": str(self.stage), "args": words, **{k: str(v) for k, v in names.items()}}
        assert self._forks.stdin is not None
        self._forks.stdin.write(json.dumps(told) + "\n")
        self._forks.stdin.flush()

    def _ended(self) -> int:
        assert self._forks.stdout is not None
        return int(self._forks.stdout.readline())

    def project(self, name: str, *args: str, settings: str = "") -> None:
        """``init`` a project, with more lines of ``tiebreak.toml`` (its template ends within
        ``[agent]``), in the database that is played on."""
        self.run("init", name, *args)
        lines = [settings]
        if self._database is not None:
            lines.append(f'[store]\nurl = "{self._database()}"')
        self.append(f"{name}/tiebreak.toml", "\n".join(["", *lines, ""]))

    def unpack(self, name: str) -> None:
        """A project as 0.1.0 left it; one without a dump stays in SQLite."""
        url = self._database() if self._database is not None and has_dump(name) else None
        unpack(name, self.stage / name, url)

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        (self.stage / name).write_text(text, encoding="utf-8")

    def append(self, name: str, text: str) -> None:
        """Add to the end of a file."""
        with (self.stage / name).open("a", encoding="utf-8") as file:
            file.write(text)

    def change(self, name: str, old: str, new: str) -> None:
        """Change a part of a file."""
        text = (self.stage / name).read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        self.write(name, text.replace(old, new))

    def export(self, folder: str, *more: str) -> None:
        """Export in each format, and keep the files."""
        for ending in ("csv", "jsonl", "parquet"):
            self.run("export", folder, f"{folder}-out.{ending}", *more)
            self.keep(f"{folder}-out.{ending}")

    def end(self, folder: str) -> None:
        """What each story asks in the end: the hash, the status in both forms, the exports."""
        self.run("verify", folder, "--json")
        self.run("status", folder, "--json")
        self.run("status", folder)
        self.export(folder)

    def keep(self, name: str) -> None:
        """Keep a file that a command wrote; of Parquet its rows and types (the rest says with
        which release it was written)."""
        path = self.stage / name
        if not path.exists():
            kept: Any = None
        elif path.suffix == ".parquet":
            kept = _parquet(path)
        elif path.suffix == ".json":
            kept = clean_json(json.loads(path.read_text(encoding="utf-8")))
        else:
            with path.open(encoding="utf-8", newline="") as file:
                kept = clean_text(file.read()).splitlines(keepends=True)
        self.kept.append({"step": f"file {name}", "content": kept})

    def _keep(self, words: list[str], code: int, out: str, err: str) -> None:
        self.kept.append(
            {
                "step": " ".join(words),
                "exit": code,
                "stdout": self._stdout(words, out),
                "stderr": clean_stderr(self._anywhere(err)),
            }
        )

    def _stdout(self, words: list[str], out: str) -> Any:
        """A document where one was asked for or each line is one, else lines."""
        if "--json" in words or words[0] == "predict":
            try:
                documents = [json.loads(line) for line in out.splitlines()]
                return clean_json(json.loads(self._anywhere(json.dumps(documents))))
            except ValueError:
                pass  # then it is kept as it is, and the comparison says so
        if words[-1] == "--help":
            return sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", out)))
        return [line.rstrip() for line in clean_printed(self._anywhere(out)).splitlines()]

    def _anywhere(self, text: str) -> str:
        """Without the folder that this play happens to be in."""
        return text.replace(f"{self.stage}/", "").replace(str(self.stage), "<stage>")


def _parquet(path: Path) -> dict[str, Any]:
    import pyarrow.parquet as parquet

    table = parquet.read_table(path)
    names_and_types = table.schema.names, table.schema.types
    types = {name: str(kind) for name, kind in zip(*names_and_types, strict=True)}
    rows = [json.dumps(row, ensure_ascii=False) for row in table.to_pylist()]
    return {"types": types, "rows": clean_text("\n".join(rows)).splitlines()}
