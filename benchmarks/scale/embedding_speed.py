"""Texts a second of our encoders, as a ratio to plain `SentenceTransformer.encode` in the same run.

On the shipped slice of BANKING77, with the vectors' mean cosine to the plain ones and the accuracy
of our head on its test split with either. Each encoder has its turn in each round, so that what
else the machine does troubles all alike. Target: one of them >= 2 x plain, accuracy within .005.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import time
from collections.abc import Callable
from importlib.resources import files

import numpy as np

from tiebreak.domain.ports import Floats
from tiebreak.learner.classifiers.logistic import create
from tiebreak.registry import find
from tiebreak.retrieval.embedders.sentence_transformers import DEFAULT, packaged_model
from tiebreak.retrieval.embedding import CHUNK

ROUNDS, C = 3, 30.0
Encode = Callable[[list[str]], Floats]


def in_chunks(encode: Encode, texts: list[str]) -> Floats:
    """As `tiebreak.retrieval.embedding` asks for them."""
    return np.concatenate([encode(texts[i : i + CHUNK]) for i in range(0, len(texts), CHUNK)])


def encoders() -> dict[str, Encode]:
    ours = {name: find("embedders", name)() for name in ("sentence_transformers", "onnx_minilm")}
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(packaged_model(DEFAULT) or DEFAULT), device="cpu")

    def plain(texts: list[str]) -> Floats:
        return model.encode(texts, normalize_embeddings=True, show_progress_bar=False)

    return {
        "plain": plain,
        **{name: lambda texts, one=one: in_chunks(one.embed, texts) for name, one in ours.items()},
    }


def accuracy(vectors: Floats, rows: list[dict[str, str]]) -> float:
    train = np.array([row["split"] == "train" for row in rows])
    labels = np.array([row["label"] for row in rows])
    classes = tuple(sorted(set(labels[train].tolist())))
    head = create().fit(vectors[train], labels[train].tolist(), classes, C)
    assert head is not None
    predicted = np.array(classes)[head.logits(vectors[~train]).argmax(axis=1)]
    return float((predicted == labels[~train]).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=0, help="time only so many; 0: all")
    limit = parser.parse_args().texts
    slice_ = files("tiebreak.simulation") / "demo_data" / "banking77_cards.jsonl.gz"
    with slice_.open("rb") as raw, gzip.open(raw, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [row["text"] for row in rows]
    timed = texts[: limit or None]
    every = encoders()
    vectors = {name: encode(texts) for name, encode in every.items()}  # and they are warm
    wall: dict[str, list[float]] = {name: [] for name in every}
    busy: dict[str, list[float]] = {name: [] for name in every}
    for _ in range(ROUNDS):
        for name, encode in every.items():
            start, processor = time.perf_counter(), time.process_time()
            encode(timed)
            wall[name].append(time.perf_counter() - start)
            busy[name].append(time.process_time() - processor)
    plain, labelled = "plain", [row for row in rows if row["label"]]
    has_label = np.array([bool(row["label"]) for row in rows])
    result: dict[str, object] = {"benchmark": "embedding_speed", "texts": len(timed)}
    for name in every:
        result[name] = {
            "texts_per_second": round(len(timed) / statistics.median(wall[name]), 1),
            "ratio": round(statistics.median(wall[plain]) / statistics.median(wall[name]), 2),
            "best_ratio": round(min(wall[plain]) / min(wall[name]), 2),
            "processor_ratio": round(sum(busy[plain]) / sum(busy[name]), 2),
            "mean_cosine": round(float((vectors[name] * vectors[plain]).sum(axis=1).mean()), 5),
            "accuracy": round(accuracy(vectors[name][has_label], labelled), 4),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
