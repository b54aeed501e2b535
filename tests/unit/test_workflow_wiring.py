"""What wiring tells the parts that it makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from benches import make_bench

from tiebreak.config import parse
from tiebreak.retrieval.kept import KeptIndex
from tiebreak.workflow import wiring


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
        ("faiss_hnsw", True),
        ("faiss_flat", False),
        ("numpy_exact", False),
    ],
)
def test_an_index_that_answers_exactly_is_not_kept(tmp_path: Path, kind: str, is_kept: bool):
    bench = make_bench(tmp_path, settings={"index": {"kind": kind}})
    assert isinstance(bench.near_rows, KeptIndex) is is_kept
    assert bench.near_rows is bench.near_rows


def test_the_index_stands_beside_the_vectors(tmp_path: Path):
    bench = make_bench(tmp_path)
    assert bench.settings.index.kind == "auto"
    assert bench.near_rows is not None
    assert bench.near_rows.path == bench.vectors.data.with_suffix(".index")
