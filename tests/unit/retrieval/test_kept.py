"""The index that is kept beside the vectors: what it saves, and when it is made again."""

from __future__ import annotations

import hashlib
import json
import os
from functools import partial

import faiss
import numpy as np
import pytest
from unit_vectors import clustered, hashes_of, unit_rows

from tiebreak import registry
from tiebreak.errors import UsageError
from tiebreak.project.context import QuietProgress
from tiebreak.retrieval import kept
from tiebreak.retrieval.faiss_index import FaissIndex
from tiebreak.retrieval.kept import KeptIndex
from tiebreak.store.vectors import VectorFile

DIM = 12
EARLY = {
    "faiss_ivf": partial(registry.find("indexes", "faiss_ivf"), lists_at=200),
    "auto": partial(registry.find("indexes", "auto"), lists_at=200),
}


class Notes(QuietProgress):
    """A `Progress` that keeps what it is told."""

    def __init__(self):
        self.texts = []

    def note(self, text):
        self.texts.append(text)


class Project:
    """A vector file that grows, and its index as each process opens it."""

    def __init__(self, folder, create=EARLY["auto"], kind="auto"):
        self.folder, self.create, self.kind = folder, create, kind
        self.rows = clustered(np.random.default_rng(0), 4000, DIM)
        self.size = 0
        self.notes = Notes()

    @property
    def file(self):
        return VectorFile(self.folder / "vectors", "an encoder", DIM)

    @property
    def path(self):
        return self.file.data.with_suffix(".faiss")

    @property
    def sidecar(self):
        return self.file.data.with_suffix(".faiss.json")

    @property
    def covered(self):
        """How many rows the files say that they cover."""
        return json.loads(self.sidecar.read_text())["rows"]

    def append(self, n):
        names = [f"text {i}" for i in range(self.size, self.size + n)]
        self.file.append(hashes_of(*names), self.rows[self.size : self.size + n])
        self.size += n

    def open(self, rows=None):
        self.notes = Notes()
        return KeptIndex(
            path=self.path,
            rows=self.file if rows is None else rows,
            kind=self.kind,
            create=self.create,
            progress=self.notes,
        )

    def made(self):
        return sum("is made, once" in note for note in self.notes.texts)

    def ask(self, index, k=5):
        return index.search(self.rows[::97], k)

    def overlap(self, index, k=10):
        """The share of the true neighbours that it finds."""
        queries = self.rows[: self.size : 53]
        truth = np.argsort(-(queries @ self.rows[: self.size].T), axis=1)[:, :k]
        found, _ = index.search(queries, k)
        return np.mean([len(set(a) & set(b)) / k for a, b in zip(found, truth, strict=True)])


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path)
    made.append(1000)
    return made


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("kind", EARLY)
@pytest.mark.parametrize("size", [100, 1000])
def test_the_next_process_finds_the_same_without_making_it_again(tmp_path, kind, size):
    project = Project(tmp_path, EARLY[kind], kind)
    project.append(size)
    first = project.open()
    first.ready()
    assert (project.made(), len(first)) == (1, size)
    then = project.open()
    then.ready()
    assert same(project.ask(first), project.ask(then))
    assert project.made() == 0
    assert project.overlap(then) > 0.9


def test_looking_whether_it_is_there_loads_nothing(project, monkeypatch):
    project.open().ready()
    monkeypatch.setattr(kept, "read_index_file", None)
    project.open().ready()
    assert project.made() == 0


def test_a_few_rows_more_are_added_and_many_are_kept(project):
    project.open().ready()
    before = project.path.read_bytes()
    project.append(20)
    project.open().ready()
    index = project.open()
    assert project.ask(index)[0].max() < 1020
    assert index.search(project.rows[1019:1020], 1)[0].tolist() == [[1019]]
    assert project.path.read_bytes() == before
    project.append(1)
    project.open().ready()
    assert project.made() == 0
    assert project.path.read_bytes() != before
    assert project.covered == 1021
    assert project.open().search(project.rows[1020:1021], 1)[0].tolist() == [[1020]]


def test_rows_that_come_while_it_is_open_are_found(project):
    file = project.file
    index = project.open(file)
    index.ready()
    names = [f"text {i}" for i in range(1000, 1300)]
    file.append(hashes_of(*names), project.rows[1000:1300])
    found, _ = index.search(project.rows[1000:1300], 1)
    assert found.ravel().tolist() == list(range(1000, 1300))
    assert project.covered == 1300
    project.size = 1300
    assert project.overlap(index) > 0.9


def test_of_other_rows_it_is_made_again(project):
    project.open().ready()
    for path in (project.file.data, project.file.keys):
        path.unlink()
    file = project.file
    file.append(hashes_of(*(f"other {i}" for i in range(1000))), project.rows[1000:2000])
    index = project.open()
    assert index.search(project.rows[1500:1501], 1)[0].tolist() == [[500]]
    assert project.made() == 1


def test_a_shorter_file_of_vectors_is_another(project):
    project.append(500)
    project.open().ready()
    keys = project.file.keys
    keys.write_bytes(keys.read_bytes()[: 40 + 32 * 1000])  # the second append is torn off
    index = project.open()
    assert project.ask(index, k=50)[0].max() < 1000
    assert project.made() == 1


@pytest.mark.parametrize("changed", ["kind", "format"])
def test_another_kind_or_format_is_made_again(project, monkeypatch, changed):
    project.open().ready()
    if changed == "kind":
        project.kind, project.create = "faiss_ivf", EARLY["faiss_ivf"]
    else:
        monkeypatch.setattr(kept, "FORMAT", kept.FORMAT + 1)
    project.open().ready()
    assert project.made() == 1


def damage(path, where, how):
    raw = bytearray(path.read_bytes())
    at = int(where * len(raw))
    if how == "bit":
        raw[at] ^= 16
    path.write_bytes(
        {"bit": bytes(raw), "cut": bytes(raw[:at]), "junk": bytes(raw[:at]) + b"x" * 99}[how]
    )


def assert_made_again(project, first):
    """The next process makes the index again, finds the same, and leaves whole files."""
    index = project.open()
    assert same(project.ask(index), project.ask(first))
    assert project.made() == 1
    assert project.open().ready() is None and project.made() == 0
    assert same(project.ask(project.open()), project.ask(first)) and project.made() == 0


@pytest.mark.parametrize("where", [0.0, 0.001, 0.3, 0.7, 0.999])
@pytest.mark.parametrize("how", ["bit", "cut", "junk"])
@pytest.mark.parametrize("which", ["path", "sidecar"])
def test_a_damaged_file_is_never_trusted(project, where, how, which):
    first = project.open()
    first.ready()
    damage(getattr(project, which), where, how)
    assert_made_again(project, first)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{}", '"rows"', '{"rows": "1000", "sha256": ""}', "\xff", "9" * 5000]
)
def test_a_foreign_sidecar_is_never_trusted(project, text):
    first = project.open()
    first.ready()
    project.sidecar.write_bytes(text.encode("latin-1"))
    assert_made_again(project, first)


@pytest.mark.parametrize("field", ["format", "kind", "dim", "rows", "digest", "bytes", "sha256"])
def test_every_field_of_the_sidecar_counts(project, field):
    first = project.open()
    first.ready()
    says = json.loads(project.sidecar.read_text())
    assert says.pop(field) is not None
    project.sidecar.write_text(json.dumps(says))
    assert_made_again(project, first)


@pytest.mark.parametrize("lost", ["path", "sidecar"])
def test_one_file_of_the_two_is_not_an_index(project, lost):
    first = project.open()
    first.ready()
    getattr(project, lost).unlink()
    assert_made_again(project, first)


@pytest.mark.parametrize("newer", ["path", "sidecar"])
def test_two_files_of_different_writes_are_not_an_index(project, newer):
    """What a kill between the two renames leaves, and its opposite."""
    project.open().ready()
    older = {"path": "sidecar", "sidecar": "path"}[newer]
    of_first_write = getattr(project, older).read_bytes()
    project.append(500)
    project.open().ready()
    of_second_write = getattr(project, newer).read_bytes()
    for path in (project.path, project.sidecar):
        path.unlink()
    first = project.open()
    first.ready()
    getattr(project, older).write_bytes(of_first_write)
    getattr(project, newer).write_bytes(of_second_write)
    assert_made_again(project, first)


def test_a_foreign_index_under_a_right_checksum_is_not_taken_for_fewer_rows(project):
    first = project.open()
    first.ready()
    other = project.create(DIM)
    other.fill(300, lambda at: project.rows[at])
    faiss.write_index(other.index, str(project.path))
    raw = project.path.read_bytes()
    says = json.loads(project.sidecar.read_text())
    says |= {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    project.sidecar.write_text(json.dumps(says))
    assert_made_again(project, first)


def test_whole_bytes_that_faiss_does_not_understand_are_made_again(project):
    first = project.open()
    first.ready()
    raw = b"FAISS of another day" * 50
    project.path.write_bytes(raw)
    says = json.loads(project.sidecar.read_text())
    says |= {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    project.sidecar.write_text(json.dumps(says))
    assert_made_again(project, first)


def test_the_file_is_faiss_own(project):
    project.open().ready()
    says = json.loads(project.sidecar.read_text())
    raw = project.path.read_bytes()
    assert says["sha256"] == hashlib.sha256(raw).hexdigest()
    assert (says["bytes"], says["rows"], says["kind"]) == (len(raw), 1000, "auto")
    index = faiss.read_index(str(project.path))
    assert index.ntotal == 1000
    assert index.search(project.rows[7:8], 1)[1].tolist() == [[7]]


def test_the_file_of_the_first_format_is_removed(project):
    first_format = project.path.with_suffix(".index")
    torn = first_format.with_name(f"{first_format.name}.part")
    for path in (first_format, torn):
        path.write_bytes(b"TBx1" + bytes(500))
    project.open().ready()
    assert project.made() == 1
    assert not first_format.exists() and not torn.exists()
    assert project.file.data.exists() and project.file.keys.exists()


@pytest.mark.parametrize("before", [0, 1])
def test_a_write_that_breaks_off_leaves_the_old_files(project, monkeypatch, before):
    """At the first flush, which is of the index, and at the second, which is of the sidecar."""
    project.open().ready()
    files = {path: path.read_bytes() for path in (project.path, project.sidecar)}
    project.append(500)
    flushed = []

    def refuse(_):
        flushed.append(1)
        if len(flushed) > before:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    index = project.open()
    assert index.search(project.rows[1499:1500], 1)[0].tolist() == [[1499]]
    assert [note for note in project.notes.texts if "No space left" in note]
    assert {path: path.read_bytes() for path in files} == files
    assert [p.name for p in project.path.parent.glob("*.part")] == []
    index.search(project.rows[:1], 1)
    assert len(project.notes.texts) == 1  # not tried again at each search


def test_a_disk_that_fills_up_under_faiss_is_an_os_error(project, monkeypatch):
    """Its bytes come through a callback, whose error it would turn into one of its own."""
    index = project.create(DIM)
    index.fill(1000, lambda at: project.rows[at])
    opened = kept.Path.open

    class Full:
        def __init__(self, file):
            self.file, self.left = file, 20_000

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, raw):
            self.left -= len(raw)
            if self.left < 0:
                raise OSError(28, "No space left on device")
            return self.file.write(raw)

    monkeypatch.setattr(kept.Path, "open", lambda path, mode: Full(opened(path, mode)))
    with pytest.raises(OSError, match="No space"):
        kept.write_index_file(index.index, project.folder / "x.faiss")


def test_what_a_kill_left_behind_is_overwritten(project):
    parts = [path.with_name(f"{path.name}.part") for path in (project.path, project.sidecar)]
    for part in parts:
        part.write_bytes(b"half a file" * 100_000)
    first = project.open()
    first.ready()
    assert not any(part.exists() for part in parts)
    assert same(project.ask(project.open()), project.ask(first)) and project.made() == 0


@pytest.mark.parametrize("kind", EARLY)
@pytest.mark.parametrize("n", [0, 150, 1000])
def test_to_fill_is_to_add(kind, n):
    rows = unit_rows(np.random.default_rng(3), 1000, DIM)
    made = EARLY[kind](DIM)
    made.fill(n, lambda at: rows[at])
    assert len(made) == n
    found, _ = made.search(rows[:5], 1)
    assert found.ravel().tolist() == (list(range(5)) if n else [-1] * 5)
    made.add(np.array([5000]), -rows[:1])
    assert made.search(-rows[:1], 1)[0].tolist() == [[5000]]
    with pytest.raises(UsageError, match="cannot be filled"):
        made.fill(n, lambda at: rows[at])


@pytest.mark.parametrize("kind", ["faiss_flat", *EARLY])
@pytest.mark.parametrize("size", [150, 600])
def test_an_index_lives_on_in_a_file(tmp_path, kind, size):
    rows = unit_rows(np.random.default_rng(3), 900, DIM)
    make = EARLY.get(kind) or registry.find("indexes", kind)
    one, other = make(DIM), make(DIM)
    assert isinstance(one, FaissIndex)
    one.add(np.arange(size), rows[:size])
    one.remove(np.arange(0, size, 7))
    sha256 = kept.write_index_file(one.index, tmp_path / "index.faiss")
    other.index = kept.read_index_file(tmp_path / "index.faiss", sha256)
    assert len(other) == len(one)
    assert type(other.index) is type(one.index)
    assert same(one.search(rows, 20), other.search(rows, 20))
    for index in (one, other):
        index.add(np.arange(size, 900), rows[size:])
        assert index.remove(np.array([1, 7])) == 1
        found, _ = index.search(rows[[2, 7, 1, 850]], 1)
        assert found.ravel()[[0, 3]].tolist() == [2, 850]
        assert not set(found.ravel()[[1, 2]].tolist()) & {1, 7}
    assert same(one.search(rows, 20), other.search(rows, 20))
