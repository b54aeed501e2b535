"""Heads on disk: bit for bit, without pickle, never half."""

from __future__ import annotations

import hashlib
import io
import json
import os

import numpy as np
import pytest
from blobs import blobs
from unit_vectors import unit_rows

from tiebreak.errors import ModelFileError, UsageError
from tiebreak.learner import heads
from tiebreak.learner.classifiers.logistic import Logistic

CLASSES = ("b", "a", "unseen", "é∞")


def trained(c=30.0):
    vectors, of = blobs(np.random.default_rng(0), [6, 6, 6])
    return Logistic().fit(vectors, [("b", "a", "é∞")[i] for i in of], CLASSES, c)


def test_what_is_read_is_what_was_written(tmp_path):
    head = trained()
    path = tmp_path / "models" / "1.npz"
    sha = heads.save_head(head, path)
    back = heads.load_head(path, sha)
    assert (back.classes, back.c, back.converged) == (CLASSES, 30.0, True)
    assert np.isfinite(back.intercept).tolist() == [
        name in ("b", "a", "é∞") for name in back.classes
    ]
    vectors = unit_rows(np.random.default_rng(1), 9, 16)
    assert back.logits(vectors).tobytes() == head.logits(vectors).tobytes()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha


def test_equal_heads_have_equal_files(tmp_path):
    one, other = (heads.save_head(trained(), tmp_path / name) for name in ("1", "2"))
    assert one == other != heads.save_head(trained(c=3.0), tmp_path / "3")


def test_no_pickle_is_in_the_file(tmp_path):
    heads.save_head(trained(), tmp_path / "1.npz")
    with np.load(tmp_path / "1.npz", allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in arrays} == {"f", "u"}


def test_an_unfinished_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "1.npz"
    sha = heads.save_head(trained(), path)

    def killed(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        heads.save_head(trained(c=3.0), path)
    assert heads.load_head(path, sha).c == 30.0


def test_a_missing_file_says_how_to_mend_it(tmp_path):
    with pytest.raises(ModelFileError, match=r"gone\.npz.*No such file.*tiebreak run"):
        heads.load_head(tmp_path / "gone.npz", "0" * 64)


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b[:40] + b"x" + b[41:], lambda _: b""]
)
def test_a_damaged_file_says_how_to_mend_it(tmp_path, damage):
    path = tmp_path / "1.npz"
    sha = heads.save_head(trained(), path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelFileError, match=rf"damaged.*{sha}.*tiebreak run"):
        heads.load_head(path, sha)


def test_another_format_is_refused(tmp_path):
    path = tmp_path / "1.npz"
    raw = io.BytesIO()
    meta = np.frombuffer(json.dumps({"format": 99}).encode(), dtype=np.uint8)
    np.savez(raw, meta=meta, coef=np.zeros((2, 2)), intercept=np.zeros(2))
    path.write_bytes(raw.getvalue())
    with pytest.raises(ModelFileError, match="format 99 and not 1"):
        heads.load_head(path, hashlib.sha256(raw.getvalue()).hexdigest())


def test_only_linear_heads_are_saved(tmp_path):
    class Other:
        classes = ("a", "b")
        c = 1.0

        def logits(self, vectors):
            return np.zeros((len(vectors), 2))

    with pytest.raises(UsageError, match="'Other'"):
        heads.save_head(Other(), tmp_path / "1.npz")
    assert not list(tmp_path.iterdir())


def test_vectors_of_another_encoder_are_refused():
    with pytest.raises(UsageError, match=r"vectors of 16 numbers.*\(2, 8\)"):
        trained().logits(np.zeros((2, 8), dtype=np.float32))


def test_logits_do_not_depend_on_the_chunks(monkeypatch):
    vectors = unit_rows(np.random.default_rng(1), 10, 16)
    whole = trained().logits(vectors)
    monkeypatch.setattr(heads, "CHUNK", 3)
    assert trained().logits(vectors) == pytest.approx(whole, rel=1e-12)
