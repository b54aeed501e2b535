"""Makes the two projects of `tests/data/projects_0_1_0` with a code tree (of 0.1.0), in files and
as a dump of PostgreSQL.

    python tests/oracle/make_old_projects.py TREE
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "support"))

from material import by_name, jsonl, strange, two_kinds
from old_projects import NAMES, OLD
from player import Player
from postgres import programs, server
from stories import ALONE, BY_LABELS, GOLD, KINDS, LOGISTIC

PROMISE = f"[promise]\nlabels = 20\naudits = 40\naudit_batch = 10\n{LOGISTIC}"
STREAM = f"[promise]\nlabels = 20\naudits = 50\nstream = true\naudit_rate = 0.5\n{LOGISTIC}"
PEOPLE = "[people]\nsecond = 0.2\nadjudicate = 0.5\n"
MOMENT = (2026, 1, 1, 0, 0, 0)


def file(p: Player) -> None:
    """In the midst of the audits of a promise that was asked for once: the call is remembered.
    Strange records came in, and somebody looked."""
    rows = two_kinds(160, seed=21)
    ada = by_name(rows, wrong=0.02, who="ada")
    p.write("rows.jsonl", jsonl(rows))
    p.write("sky.jsonl", jsonl(strange(30, seed=22)))
    p.project("file", *KINDS, *ALONE, settings=PROMISE + PEOPLE)
    p.run("import", "file", "rows.jsonl", *GOLD)
    p.run("run", "file", "--max-error", 0.25, "--batch", 10)
    p.label("file", "ada", ada)
    p.run("run", "file", "--batch", 10)
    p.run("import", "file", "sky.jsonl")
    p.label("file", "ada", ada)
    p.run("run", "file", "--batch", 10)
    p.run("drift", "file", "--looked")
    p.label("file", "ada", ada)
    p.run("run", "file", "--batch", 10)
    p.label("file", "ada", ada, most=6)


def stream(p: Player) -> None:
    """A stream whose labels went out under a bound until the monitor raised an alarm; nobody
    looked yet."""
    p.project("stream", *KINDS, *ALONE, settings=STREAM)
    for part, (n, wrong) in enumerate([(200, 0), (140, 0), (140, 0), (80, 0.7)]):
        p.write("part.jsonl", jsonl(two_kinds(n, wrong, seed=part + 30)))
        p.run("import", "stream", "part.jsonl", *GOLD, "--source", f"part{part}")
        p.run("run", "stream", "--max-error", 0.2, "--batch", 16, *BY_LABELS)


def pack(archive: Path, files: dict[str, bytes]) -> None:
    """A ZIP of these files, the same bytes each time."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, raw in sorted(files.items()):
            packed.writestr(zipfile.ZipInfo(name, MOMENT), raw, zipfile.ZIP_DEFLATED)


def main() -> None:
    """Make them."""
    code = Path(sys.argv[1])
    told = {}
    OLD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as stage:
        for name, make in zip(NAMES, (file, stream), strict=True):
            with Player(code, Path(stage)) as p:
                make(p)
                p.run("verify", name, "--json")
                p.run("status", name, "--json")
                (verified,), (status,) = (kept["stdout"] for kept in p.kept[-2:])
            assert verified["problems"] == []
            told[name] = {"hash": verified["hash"], "status": status}
            folder = Path(stage) / name
            with sqlite3.connect(folder / "tiebreak.db") as database:
                database.execute("VACUUM")
            database.close()
            paths = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
            pack(OLD / f"{name}.zip", {str(x.relative_to(folder)): x.read_bytes() for x in paths})
    text = json.dumps(told, indent=1, ensure_ascii=False)
    (OLD / "recorded.json").write_text(text + "\n", encoding="utf-8")
    tools = programs()
    assert tools is not None
    with tempfile.TemporaryDirectory() as stage, server(tools) as running:
        with Player(code, Path(stage), lambda: running.url) as p:
            file(p)
            p.run("verify", "file", "--hash")
            assert p.kept[-1]["stdout"] == [told["file"]["hash"]]
        dump = [tools / "pg_dump", "--no-owner", "--inserts", "--no-comments", running.url]
        done = subprocess.run(dump, capture_output=True, check=True)
        lines = done.stdout.splitlines(keepends=True)  # without psql's commands and remarks
        sql = b"".join(line for line in lines if line.strip() and line[:1] not in b"\\-")
        pack(OLD / "file.sql.zip", {"file.sql": sql})


if __name__ == "__main__":
    main()
