"""The index that is kept beside the vectors: what it saves, and when it is made again."""

from __future__ import annotations

import os
from functools import partial

import numpy as np
import pytest
from unit_vectors import clustered, hashes_of, unit_rows

from tiebreak import registry
from tiebreak.errors import UsageError
from tiebreak.project.context import QuietProgress
from tiebreak.retrieval import kept
from tiebreak.retrieval.indexes import _frozen
from tiebreak.retrieval.indexes._growing import GrowingIndex
from tiebreak.retrieval.kept import KeptIndex
from tiebreak.store.vectors import VectorFile

DIM = 12
EARLY = {
    "faiss_ivf": partial(registry.find("indexes", "faiss_ivf"), train_at=200),
    "faiss_hnsw": partial(registry.find("indexes", "faiss_hnsw"), graph_at=200),
    "auto": partial(registry.find("indexes", "auto"), lists_at=200, graph_at=100_000),
}


class Notes(QuietProgress):
    """A `Progress` that keeps what it is told."""

    def __init__(self):
        self.told = []

    def note(self, text):
        self.told.append(text)


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
        return self.file.data.with_suffix(".index")

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
        return sum("is made, once" in note for note in self.notes.told)

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
    monkeypatch.setattr(_frozen, "thaw", None)
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
    assert _frozen.glance(project.path)["rows"] == 1021
    assert project.open().search(project.rows[1020:1021], 1)[0].tolist() == [[1020]]


def test_rows_that_come_while_it_is_open_are_found(project):
    file = project.file
    index = project.open(file)
    index.ready()
    names = [f"text {i}" for i in range(1000, 1300)]
    file.append(hashes_of(*names), project.rows[1000:1300])
    found, _ = index.search(project.rows[1000:1300], 1)
    assert found.ravel().tolist() == list(range(1000, 1300))
    assert _frozen.glance(project.path)["rows"] == 1300
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
        project.kind, project.create = "faiss_hnsw", EARLY["faiss_hnsw"]
    else:
        monkeypatch.setattr(kept, "FORMAT", kept.FORMAT + 1)
    project.open().ready()
    assert project.made() == 1


@pytest.mark.parametrize("where", [0.0, 0.001, 0.3, 0.7, 0.999])
@pytest.mark.parametrize("how", ["bit", "cut", "junk"])
def test_a_damaged_file_is_never_trusted(project, where, how):
    first = project.open()
    first.ready()
    raw = bytearray(project.path.read_bytes())
    at = int(where * len(raw))
    if how == "bit":
        raw[at] ^= 16
    project.path.write_bytes(
        {"bit": bytes(raw), "cut": bytes(raw[:at]), "junk": bytes(raw[:at]) + b"x" * 99}[how]
    )
    index = project.open()
    assert same(project.ask(index), project.ask(first))
    assert project.made() == 1
    assert project.open().ready() is None and project.made() == 0  # and it is whole again


def test_a_write_that_breaks_off_leaves_the_old_file(project, monkeypatch):
    project.open().ready()
    before = project.path.read_bytes()
    project.append(500)

    def refuse(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    index = project.open()
    assert index.search(project.rows[1499:1500], 1)[0].tolist() == [[1499]]
    assert [note for note in project.notes.told if "No space left" in note]
    assert project.path.read_bytes() == before
    assert [p.name for p in project.path.parent.glob("*.part")] == []
    index.search(project.rows[:1], 1)
    assert len(project.notes.told) == 1  # not tried again at each search


def test_a_disk_that_fills_up_under_faiss_is_an_os_error(project, monkeypatch):
    """Its bytes come through a callback, whose error it would turn into one of its own."""
    index = project.create(DIM)
    index.fill(1000, lambda at: project.rows[at])
    path = project.folder / "x.index"

    class Full:
        def __init__(self, file):
            self.file, self.left = file, 20_000

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, raw):
            self.left -= len(raw)
            if self.left < 0:
                raise OSError(28, "No space left on device")
            return self.file.write(raw)

    with path.open("w+b") as file, pytest.raises(OSError, match="No space"):
        _frozen.write_index(index, Full(file), {})


def test_what_a_kill_left_behind_is_overwritten(project):
    part = project.path.with_name(f"{project.path.name}.part")
    part.write_bytes(b"half an index")
    project.open().ready()
    assert project.path.exists() and not part.exists()


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
    assert isinstance(made, GrowingIndex)


@pytest.mark.parametrize("kind", EARLY)
def test_a_restored_index_lives_on(kind):
    rows = unit_rows(np.random.default_rng(3), 900, DIM)
    one, other = EARLY[kind](DIM), EARLY[kind](DIM)
    one.add(np.arange(600), rows[:600])
    one.remove(np.arange(0, 600, 7))
    other.restore(*one.state())
    assert len(other) == len(one)
    assert type(other.stage) is type(one.stage)
    other.add(np.arange(600, 900), rows[600:])
    assert other.remove(np.array([1, 7])) == 1
    found, _ = other.search(rows[[2, 7, 1, 850]], 1)
    assert found.ravel()[[0, 3]].tolist() == [2, 850]
    assert not set(found.ravel()[[1, 2]].tolist()) & {1, 7}
