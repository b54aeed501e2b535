"""Backup and restore: one archive with settings, labels file, newest head and every table.

Vectors and older heads are left out: the next run makes the vectors again.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from tiebreak import config
from tiebreak.domain.ports import Store
from tiebreak.errors import ConfigError, InputError, UsageError
from tiebreak.project import wiring
from tiebreak.project.context import utc_now
from tiebreak.project.init import LABELS
from tiebreak.store import SqlStore, backup_tables, restore_tables

FILES = (config.FILE, LABELS)
_HEAD = re.compile(r"models/head-\d+\.npz")
_STORE = re.compile(r"\[\s*store\s*\]")
_URL = re.compile(r"\s*url\s*=")


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenBackup:
    """The archive ``file``, with the count of ``rows`` in all and of each of ``tables``."""

    file: Path
    rows: int
    tables: dict[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class RestoredBackup:
    """The project in ``folder``, with the count of ``rows`` in all and of each of ``tables``."""

    folder: Path
    rows: int
    tables: dict[str, int]


def backup_project(folder: Path, file: Path) -> WrittenBackup:
    """Write *file* (a zip) from the project in *folder*; returns what is in it.

    The tables are read in one transaction, so people may go on labelling meanwhile. The archive
    appears whole or not at all.
    """
    settings = config.load(wiring.project_folder(folder))
    part = file.with_name(file.name + ".part")
    store = wiring.open_store(folder, settings, utc_now)
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
    return WrittenBackup(file=file, rows=sum(tables.values()), tables=tables)


def restore_project(file: Path, folder: Path, *, store_url: str | None = None) -> RestoredBackup:
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
        raise _damaged(file) from None
    with archive:
        missing = set(FILES) - set(archive.namelist())
        if missing:
            raise InputError(
                f"{str(file)!r} lacks {sorted(missing)!r}.", mend="Take another backup file."
            )
        folder.mkdir(parents=True, exist_ok=True)
        try:
            tables = _unpack(archive, folder, store_url)
        except BaseException as problem:
            shutil.rmtree(folder)  # it was new or empty: the next try finds it so again
            if isinstance(problem, zipfile.BadZipFile | zlib.error | EOFError):
                raise _damaged(file) from problem
            raise
    return RestoredBackup(folder=folder, rows=sum(tables.values()), tables=tables)


def _damaged(file: Path) -> InputError:
    return InputError(
        f"{str(file)!r} is no archive of `tiebreak backup`, or it is damaged.",
        mend="Take another backup file.",
    )


def _unpack(archive: zipfile.ZipFile, folder: Path, store_url: str | None) -> dict[str, int]:
    for name in [*FILES, *filter(_HEAD.fullmatch, archive.namelist())]:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(archive.read(name))
    if store_url is not None:
        _set_url(folder, store_url)
    store = wiring.open_store(folder, config.load(folder), utc_now)
    try:
        return restore_tables(_sql(store), archive)
    finally:
        store.close()


def _newest_head(folder: Path, store: Store) -> list[Path]:
    cards = store.notes.models()
    files = [wiring.head_file(folder, cards[-1].version)] if cards else []
    return [file for file in files if file.exists()]


def _sql(store: Store) -> SqlStore:
    if not isinstance(store, SqlStore):
        raise ConfigError("Only a project in a database can be backed up.")
    return store


def _set_url(folder: Path, url: str) -> None:
    """Write ``store.url`` into the settings, however they were written by hand."""
    path = folder / config.FILE
    lines = path.read_text(encoding="utf-8").splitlines()
    line = f"url = {json.dumps(url, ensure_ascii=False)}"
    at = next((i for i, x in enumerate(lines) if _STORE.match(x)), None)
    if at is None:
        lines += ["", "[store]", line]
    else:
        end = next((i for i in range(at + 1, len(lines)) if lines[i].startswith("[")), len(lines))
        kept = [x for x in lines[at + 1 : end] if not _URL.match(x)]
        lines[at + 1 : end] = [line, *kept]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if config.load(folder).store.url != url:
        raise ConfigError(
            f"{config.FILE} in the archive names its store in a way that cannot be changed.",
            mend="Restore without --store, or write it as: [store] url = ...",
        )
