"""The ONNX encoder: offline, quiet, checked, near to the default one, and named apart from it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tiebreak.errors import MissingPackage
from tiebreak.retrieval.embedders import onnx_minilm as adapter, sentence_transformers

TEXTS = [f"text number {i} says where my card is " * (i % 9 + 1) for i in range(60)]


@pytest.fixture(scope="module")
def embedder():
    for package in (adapter.PACKAGE, adapter.TOKENIZER_PACKAGE, "onnxruntime"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    return adapter.create()


@given(st.lists(st.integers(1, 256), max_size=200), st.integers(1, 600), st.integers(1, 70))
def test_buckets_hold_every_text_once_and_no_more_than_fits(lengths, tokens, most):
    batches = [batch.tolist() for batch in adapter.buckets(lengths, tokens, most)]
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= tokens
    for batch, after in pairwise(batches):
        longest = max(lengths[i] for i in batch)
        assert longest <= lengths[after[0]]
        assert len(batch) == most or (len(batch) + 1) * lengths[after[0]] > tokens


@pytest.mark.embedded
def test_the_id_names_the_file_and_is_not_the_default_encoders(embedder):
    assert embedder.id == f"all-MiniLM-L6-v2-int8@{adapter.PACKAGE_SHA256[:12]}-256"
    assert embedder.id != sentence_transformers.create().id


@pytest.mark.embedded
def test_vectors_are_nearly_those_of_the_default_encoder(embedder):
    texts = [*TEXTS, "a " * 1000, "한국어 문장입니다", "a\x00b"]
    cosines = (embedder.embed(texts) * sentence_transformers.create().embed(texts)).sum(axis=1)
    assert cosines.min() > 0.995
    assert cosines.max() < 1 - 1e-6


@pytest.mark.embedded
def test_cut_is_exact_at_the_window(embedder):
    fits, cut = "a " * (embedder.window - 2), "a " * (embedder.window - 1)
    assert embedder.cut([fits]) == 0
    assert embedder.cut([cut, fits, cut]) == 2
    assert np.abs(embedder.embed([cut]) - embedder.embed([fits])).max() < 1e-6


@pytest.mark.embedded
def test_neither_batches_nor_threads_matter_beyond_rounding(embedder):
    small = adapter.create(batch_size=3, threads=1)
    assert np.abs(small.embed(TEXTS) - embedder.embed(TEXTS)).max() < 1e-5


@pytest.mark.parametrize("lacking", ["PACKAGE", "TOKENIZER_PACKAGE"])
def test_without_a_package_the_mend_is_the_extra(monkeypatch, lacking):
    monkeypatch.setattr(adapter, lacking, "no_such_package_anywhere")
    with pytest.raises(MissingPackage, match=r"pip install 'tiebreak\[onnx\]'"):
        adapter.create()


def test_without_the_runtime_the_mend_is_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingPackage, match=r"'onnxruntime'.*pip install 'tiebreak\[onnx\]'"):
        adapter._session(tmp_path, 1)


def test_a_damaged_file_is_refused(monkeypatch, tmp_path):
    package = tmp_path / "damaged_onnx_package"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "model.onnx").write_bytes(b"junk")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(adapter, "PACKAGE", package.name)
    with pytest.raises(MissingPackage, match=r"damaged.*force-reinstall damaged-onnx-package"):
        adapter.create()


QUIET = """
import socket
def refuse(*a, **k):
    raise AssertionError("reached for the network")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
import sys
from tiebreak.retrieval.embedders.onnx_minilm import create, PACKAGE
found = [name in sys.modules for name in (PACKAGE, "torch")]
print(create().embed(["hello", "x y " * 5000]).shape, *found)
"""


@pytest.mark.embedded
def test_nothing_on_stderr_nothing_from_the_network_and_no_torch(embedder):
    kept = ("PATH", "HOME", "OMP_NUM_THREADS")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", QUIET], env=env, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("(2, 384) False False\n", "")
