"""Restore: another store in settings written by hand, and nothing left of one that failed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tiebreak import config
from tiebreak.api.project import Project
from tiebreak.errors import InputError, StoreCorrupt
from tiebreak.project.backup import backup_project, restore_project


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "p"
    with Project.create(folder, labels=["a", "b"], agent="none", embedder="hashing") as project:
        project.add(["one text", "another text"])
    backup_project(folder, tmp_path / "all.zip")
    return tmp_path / "all.zip"


def rewritten(archive: Path, name: str, raw: bytes) -> Path:
    made = archive.with_name("rewritten.zip")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.namelist():
            new.writestr(entry, raw if entry == name else old.read(entry))
    return made


@pytest.mark.parametrize(
    "written",
    [
        "",
        "[store]",
        '[store]\nurl = ""',
        "[store]\nurl='postgresql://old'\n[index]\nkind = \"exact\"",
        '[ store ] # where\n  url   =   "postgresql://old"  # the old one\n\n[embedder]\n',
    ],
)
def test_another_store_is_named_however_the_old_one_was_written(
    written: str, archive: Path, tmp_path: Path
) -> None:
    made = rewritten(archive, config.FILE, f'[project]\nname = "x"\n{written}\n'.encode())
    url = str(tmp_path / "elsewhere.db")
    restore_project(made, tmp_path / "copy", store_url=url)
    assert config.load(tmp_path / "copy").store.url == url
    assert Path(url).is_file()
    assert not (tmp_path / "copy" / "tiebreak.db").exists()
    with Project.open(tmp_path / "copy", agent="none") as project:
        assert project.status().records == 2


def test_a_failed_restore_leaves_no_folder_behind(archive: Path, tmp_path: Path) -> None:
    bad = rewritten(archive, "store/records.jsonl", b"[]\n")
    with pytest.raises(StoreCorrupt):
        restore_project(bad, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    restore_project(archive, tmp_path / "copy")


def test_an_archive_with_a_broken_file_says_so(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as whole:
        at = whole.getinfo("labels.yaml").header_offset + len("labels.yaml") + 40
    raw = bytearray(archive.read_bytes())
    raw[at : at + 4] = b"\xff\xff\xff\xff"
    archive.write_bytes(raw)
    with pytest.raises(InputError, match="damaged"):
        restore_project(archive, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
