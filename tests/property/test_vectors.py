"""Vectors on disk: what is read is what was written, wherever the files were cut."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiebreak.errors import StoreError
from tiebreak.store.vectors import VectorFile

DIM = 3


def keys_of(numbers):
    """Hashes (V32), some of them full of NULs."""
    raw = [
        hashlib.sha256(bytes([n])).digest() if n % 3 else bytes([0] * 30 + [n, 0]) for n in numbers
    ]
    return np.frombuffer(b"".join(raw), dtype="V32")


def rows_of(numbers):
    return np.array([[n, n * 0.5, -n] for n in numbers], dtype=np.float32).reshape(-1, DIM)


@pytest.fixture
def file(tmp_path):
    return VectorFile(tmp_path / "vectors", "an encoder/of@mine", DIM)


def reopened(file):
    return VectorFile(file.data.parent, "an encoder/of@mine", DIM)


def test_empty(file):
    assert len(file) == 0
    assert file.missing(keys_of([1, 2, 1])).tolist() == [0, 1]
    assert file.rows(keys_of([])).shape == (0, DIM)
    file.append(keys_of([]), rows_of([]))
    assert not file.data.exists()


def test_names_are_safe_and_one_for_each_encoder(file, tmp_path):
    assert file.data.parent == tmp_path / "vectors"
    assert file.data.name.startswith("an-encoder-of-mine-") and file.data.suffix == ".f32"
    other = VectorFile(tmp_path / "vectors", "an encoder of@mine", DIM)
    assert other.data != file.data


def test_rows_come_in_the_order_asked(file):
    file.append(keys_of([5, 6, 7]), rows_of([5, 6, 7]))
    file.append(keys_of([3]), rows_of([3]))
    for vectors in (file, reopened(file)):
        asked = [7, 3, 7, 5]
        assert (vectors.rows(keys_of(asked)) == rows_of(asked)).all()
        assert vectors.missing(keys_of([8, 5, 8, 9])).tolist() == [0, 3]
        assert len(vectors) == 4


def test_a_text_without_a_vector_is_an_error(file):
    file.append(keys_of([1]), rows_of([1]))
    with pytest.raises(StoreError, match="2 of 3 texts have no vector"):
        file.rows(keys_of([1, 2, 4]))


def test_wrong_shapes_are_refused_and_leave_nothing(file):
    with pytest.raises(StoreError, match=r"\(1, 4\) for 1 hashes of dimension 3"):
        file.append(keys_of([1]), np.zeros((1, 4), dtype=np.float32))
    with pytest.raises(StoreError, match=r"\(2, 3\) for 1"):
        file.append(keys_of([1]), rows_of([1, 2]))
    assert len(file) == len(reopened(file)) == 0


def test_a_disk_that_refuses_is_a_store_error(file):
    file.data.parent.write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="cannot be written"):
        file.append(keys_of([1]), rows_of([1]))
    assert len(file) == 0


def test_opening_writes_nothing(file):
    file.append(keys_of([1, 2]), rows_of([1, 2]))
    with file.keys.open("ab") as tail:
        tail.write(b"torn")
    before = file.keys.read_bytes()
    assert len(reopened(file)) == 2
    assert file.keys.read_bytes() == before


def test_damage_is_counted(file):
    file.append(keys_of([1, 2]), rows_of([1, 2]))
    file.append(keys_of([4]), rows_of([4]))
    assert file.damaged() == 0
    raw = bytearray(file.data.read_bytes())
    raw[5] ^= 1
    file.data.write_bytes(raw)
    assert reopened(file).damaged() == 2


counts = st.lists(st.integers(1, 5), min_size=1, max_size=5)
cuts = st.tuples(st.floats(0, 1), st.floats(0, 1))


def fill(file, sizes):
    start = 0
    for size in sizes:
        numbers = range(start, start + size)
        file.append(keys_of(numbers), rows_of(numbers))
        start += size
    return start


@settings(max_examples=50)
@given(sizes=counts, cut=cuts, junk=st.binary(max_size=40), more=counts, again=cuts)
def test_cut_anywhere_never_a_wrong_vector(sizes, cut, junk, more, again):
    """Cut both files anywhere, put junk behind, reopen, append, cut again, reopen."""
    with tempfile.TemporaryDirectory() as folder:
        file = VectorFile(Path(folder), "x", DIM)
        total = fill(file, sizes)
        for share in (cut, again):
            for path, part in zip((file.data, file.keys), share, strict=True):
                raw = path.read_bytes()
                path.write_bytes(raw[: round(len(raw) * part)] + junk)
            file = VectorFile(Path(folder), "x", DIM)
            check(file, total)
            have = len(file)
            missing = file.missing(keys_of(range(total + sum(more))))
            assert len(missing) == total + sum(more) - have
            file.append(keys_of(missing), rows_of(missing))
            total += sum(more)
            check(VectorFile(Path(folder), "x", DIM), total)
            assert len(VectorFile(Path(folder), "x", DIM)) == total


def check(file, total):
    """Whole blocks are there, in front; each has the vectors that were written."""
    numbers = range(total)
    absent = set(file.missing(keys_of(numbers)).tolist())
    here = [n for n in numbers if n not in absent]
    assert len(here) == len(file)
    assert (file.rows(keys_of(here)) == rows_of(here)).all()
    assert file.damaged() == 0


@settings(max_examples=50)
@given(sizes=counts, cut=st.floats(0, 1))
def test_a_cut_loses_whole_blocks_and_only_the_last(sizes, cut):
    with tempfile.TemporaryDirectory() as folder:
        file = VectorFile(Path(folder), "x", DIM)
        fill(file, sizes)
        raw = file.keys.read_bytes()
        file.keys.write_bytes(raw[: int(len(raw) * cut)])
        ends = np.cumsum([0, *sizes])
        kept = VectorFile(Path(folder), "x", DIM)
        assert len(kept) == max(
            end for block, end in enumerate(ends) if 32 * (end + block) <= int(len(raw) * cut)
        )
        assert (kept.missing(keys_of(range(len(kept)))) == []).all()
