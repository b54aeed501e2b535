"""Projects that Tiebreak 0.1.0 made (`tests/oracle/make_old_projects.py`), as they were left."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

OLD = Path(__file__).parents[1] / "data/projects_0_1_0"
NAMES = ("file", "stream")


def has_dump(name: str) -> bool:
    """Whether a project can be put into PostgreSQL, too."""
    return (OLD / f"{name}.sql.zip").exists()


def unpack(name: str, folder: Path, url: str | None = None) -> None:
    """Put a project into *folder*; with *url* what its database has into that PostgreSQL one,
    which is emptied before. See `has_dump`."""
    with zipfile.ZipFile(OLD / f"{name}.zip") as packed:
        packed.extractall(folder)
    if url is not None:
        (folder / "tiebreak.db").unlink()
        with (folder / "tiebreak.toml").open("a", encoding="utf-8") as toml:
            toml.write(f'[store]\nurl = "{url}"\n')
        load(OLD / f"{name}.sql.zip", url)


def load(dump: Path, url: str) -> None:
    """Play a dump by ``pg_dump --inserts`` into an empty database."""
    import psycopg

    with zipfile.ZipFile(dump) as packed:
        statements = packed.read(packed.namelist()[0])
    with psycopg.connect(url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute(statements)


def recorded(name: str) -> dict[str, Any]:
    """``{hash, status}`` of a project, as 0.1.0 told them."""
    told: dict[str, Any] = json.loads((OLD / "recorded.json").read_text(encoding="utf-8"))[name]
    return told
