"""What wiring tells the parts that it makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from contexts import make_context

from tiebreak import registry
from tiebreak.config import parse
from tiebreak.errors import ConfigError
from tiebreak.project import wiring
from tiebreak.retrieval.kept import KeptIndex


@pytest.mark.parametrize("name", ["hashing", "onnx_minilm", "some/model"])
@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, {}),
        ({"batch_size": 7}, {"batch_size": 7}),
        ({"batch_size": 7, "threads": 2}, {"batch_size": 7, "threads": 2}),
        ({"threads": 1, "batch_size": 0}, {"threads": 1}),
    ],
)
def test_an_encoder_is_told_what_is_set(monkeypatch, name, keys, told):
    seen = {}

    def find(kind, found):
        seen["kind"] = (kind, found)
        return lambda **given: given

    monkeypatch.setattr(wiring.registry, "find", find)
    made = wiring.embedder(parse({"embedder": {"name": name, **keys}}).embedder)
    if name == "some/model":
        assert seen["kind"] == ("embedders", "sentence_transformers")
        assert made == {"name": name, **told}
    else:
        assert seen["kind"] == ("embedders", name)
        assert made == told


def test_our_own_encoder_takes_them():
    part = parse({"embedder": {"name": "hashing", "batch_size": 3, "threads": 1}}).embedder
    assert wiring.embedder(part).dim == 384


@pytest.mark.parametrize(
    ("kind", "is_kept"),
    [
        ("auto", True),
        ("faiss_ivf", True),
        ("faiss_flat", False),
        ("numpy_exact", False),
    ],
)
def test_an_index_that_answers_exactly_is_not_kept(tmp_path: Path, kind: str, is_kept: bool):
    context = make_context(tmp_path, settings={"index": {"kind": kind}})
    assert isinstance(context.near_rows, KeptIndex) is is_kept
    assert context.near_rows is context.near_rows


def test_the_dropped_kind_of_index_means_the_kept_one(tmp_path: Path):
    with pytest.warns(FutureWarning, match="'faiss_hnsw' is gone and means 'faiss_ivf'"):
        context = make_context(tmp_path, settings={"index": {"kind": "faiss_hnsw"}})
    assert context.settings.index.kind == "faiss_ivf"
    index = context.near_rows
    assert index is not None
    assert index.create(4).lists_at == wiring.index(context.settings.index, 4).lists_at == 10_000


def test_the_index_stands_beside_the_vectors(tmp_path: Path):
    context = make_context(tmp_path)
    assert context.settings.index.kind == "auto"
    assert context.near_rows is not None
    assert context.near_rows.path == context.vectors.data.with_suffix(".faiss")


def test_a_file_that_makes_several_strategies_is_none_itself():
    for name in ("uncertainty", "herding"):
        assert name not in registry.known("strategies")
        with pytest.raises(ConfigError, match="margin_kmeans"):
            registry.find("strategies", name)
    for name in ("margin", "entropy", "least_confidence", "maxherding", "uncertainty_herding"):
        assert registry.find("strategies", name)().name == name
