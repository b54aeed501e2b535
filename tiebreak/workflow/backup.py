"""Backup and restore: one archive with settings, labels file, newest head and every table.

Vectors and older heads are left out: the next run makes the vectors again.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

from tiebreak import config
from tiebreak.domain.ports import Store
from tiebreak.errors import ConfigError, InputError, UsageError
from tiebreak.store.backup import backup_tables, restore_tables
from tiebreak.store.sql import SqlStore
from tiebreak.workflow import wiring
from tiebreak.workflow.init import LABELS
from tiebreak.workflow.project import utc_now

FILES = (config.FILE, LABELS)
_HEAD = re.compile(r"models/head-\d+\.npz")


def backup(folder: Path, file: Path) -> dict[str, Any]:
    """Write *file* (a zip) from the project in *folder*; returns what is in it.

    The tables are read in one transaction, so people may go on labelling meanwhile. The archive
    appears whole or not at all.
    """
    settings = config.load(wiring.project_folder(folder))
    part = file.with_name(file.name + ".part")
    store = wiring.store(folder, settings, utc_now)
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in FILES:
                archive.write(folder / name, name)
            for head in _newest_head(folder, store):
                archive.write(head, head.relative_to(folder).as_posix())
            tables = backup_tables(_sql(store), archive)
        part.replace(file)
    finally:
        store.close()
        part.unlink(missing_ok=True)
    return {"file": str(file), "rows": sum(tables.values()), "tables": tables}


def restore(file: Path, folder: Path, *, store_url: str | None = None) -> dict[str, Any]:
    """Make the project in *folder* (new or empty) from an archive; returns what came back.

    With *store_url* the tables go there, and ``tiebreak.toml`` names it.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{str(folder)!r} is not empty.", mend="Restore into a new folder.")
    if not file.is_file():
        raise InputError(f"There is no archive {str(file)!r}.", mend="Check the path.")
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        raise InputError(
            f"{str(file)!r} is no archive of `tiebreak backup`, or it is damaged.",
            mend="Take another backup file.",
        ) from None
    with archive:
        missing = set(FILES) - set(archive.namelist())
        if missing:
            raise InputError(
                f"{str(file)!r} lacks {sorted(missing)!r}.", mend="Take another backup file."
            )
        folder.mkdir(parents=True, exist_ok=True)
        for name in [*FILES, *filter(_HEAD.fullmatch, archive.namelist())]:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(archive.read(name))
        if store_url is not None:
            _set_url(folder, store_url)
        store = wiring.store(folder, config.load(folder), utc_now)
        try:
            tables = restore_tables(_sql(store), archive)
        finally:
            store.close()
    return {"folder": str(folder), "rows": sum(tables.values()), "tables": tables}


def _newest_head(folder: Path, store: Store) -> list[Path]:
    cards = store.notes.models()
    files = [wiring.head_file(folder, cards[-1].version)] if cards else []
    return [file for file in files if file.exists()]


def _sql(store: Store) -> SqlStore:
    if not isinstance(store, SqlStore):
        raise ConfigError("Only a project in a database can be backed up.")
    return store


def _set_url(folder: Path, url: str) -> None:
    path = folder / config.FILE
    settings = config.load(folder)
    text = path.read_text(encoding="utf-8")
    line = f"url = {json.dumps(url)}"
    if settings.store.url:
        text = text.replace(f"url = {json.dumps(settings.store.url)}", line)
    else:
        text += f"\n[store]\n{line}\n"
    path.write_text(text, encoding="utf-8")
