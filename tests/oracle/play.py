"""Plays the stories with a code tree, and keeps or compares what came out.

    python tests/oracle/play.py --code TREE --out FOLDER        keep
    python tests/oracle/play.py --against tests/oracle/expected compare (the default)

``--store postgres`` starts a server and plays there; ``--story`` plays one (again for more);
``--stages FOLDER`` leaves all files there, so that those of two trees can be compared.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

sys.path += [str(Path(__file__).parents[1] / "support"), str(Path(__file__).parents[2])]

from compare import differences
from player import Emptied, Player
from postgres import MISSING, programs, server
from renamed import Renamed
from stories import STORIES

OWN = Path(__file__).resolve().parent
EXPECTED = OWN / "expected"
MOST = 40
"""Differences of a story that are shown."""


@contextmanager
def databases(store: str) -> Iterator[Emptied | None]:
    """What gives each project a database of its own; None for SQLite."""
    if store == "sqlite":
        yield None
        return
    folder = programs()
    if folder is None:
        raise SystemExit(MISSING)
    numbers = count(1)
    with server(folder) as running:

        def fresh() -> str:
            name = f"oracle_{next(numbers)}"
            running.run(f"CREATE DATABASE {name}")
            return f"{running.url.removesuffix('postgres')}{name}"

        yield fresh


def play(code: Path, name: str, stage: Path, database: Emptied | None) -> list[dict[str, Any]]:
    """What a story gave, step by step."""
    stage.mkdir(parents=True)
    with Player(code, stage, database) as player:
        STORIES[name].play(player)
    return player.kept


def write(folder: Path, name: str, kept: list[dict[str, Any]]) -> None:
    """Keep it, the same bytes each time."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = json.dumps(kept, ensure_ascii=False, indent=1).encode()
    (folder / f"{name}.json.gz").write_bytes(gzip.compress(raw, mtime=0))


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """What was kept."""
    kept: list[dict[str, Any]] = json.loads(
        gzip.decompress((folder / f"{name}.json.gz").read_bytes())
    )
    return kept


def main() -> int:
    """Play; returns 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--code", type=Path, default=OWN.parents[1])
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--story", action="append", choices=sorted(STORIES))
    parser.add_argument("--cheap", action="store_true", help="only the cheap stories")
    parser.add_argument("--out", type=Path, help="keep in this folder instead of comparing")
    parser.add_argument("--against", type=Path, default=EXPECTED)
    parser.add_argument("--stages", type=Path, help="leave the stories' files here")
    given = parser.parse_args()
    names = given.story or [
        name
        for name, told in STORIES.items()
        if (told.cheap or not given.cheap) and not (told.sqlite_only and given.store != "sqlite")
    ]
    renamed = Renamed.read(OWN / "renamed.toml")
    stages = given.stages or Path(tempfile.mkdtemp(prefix="tiebreak-oracle-"))
    found: list[str] = []
    try:
        with databases(given.store) as database:
            for name in names:
                began = time.perf_counter()
                kept = play(given.code, name, stages.resolve() / name, database)
                about = f"{name} ({len(kept)} steps, {time.perf_counter() - began:.0f} s)"
                if given.out is not None:
                    write(given.out, name, kept)
                    say(f"kept {about}")
                    continue
                differ = differences(read(given.against, name), kept, renamed, story=name)
                say(f"{'DIFFERS' if differ else 'equal'} {about}", differ[:MOST])
                found += differ
    finally:
        if given.stages is None:
            shutil.rmtree(stages, ignore_errors=True)
    if given.out is None and set(names) == set(STORIES):  # else some entries have no use yet
        unused = renamed.unused()
        say(f"{len(unused)} entries of renamed.toml are of no use", unused)
        found += unused
    return 1 if found else 0


def say(line: str, more: Sequence[str] = ()) -> None:
    """Print a line at once, and those that belong to it."""
    sys.stdout.write("".join(f"{x}\n" for x in (line, *(f"  {one}" for one in more))))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
