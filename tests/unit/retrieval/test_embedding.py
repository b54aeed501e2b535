from __future__ import annotations

import numpy as np
import pytest
from unit_vectors import hashes_of

from tiebreak.retrieval.embedders.hashing import create
from tiebreak.retrieval.embedding import embed_missing
from tiebreak.store.vectors import VectorFile


class Progress:
    """Writes down what it is told."""

    def __init__(self):
        self.said = []

    def start(self, step, total):
        self.said.append((step, total))

    def advance(self, n=1):
        self.said.append(n)

    def note(self, text):
        self.said.append(text)

    def done(self):
        self.said.append("done")


class Killed(Exception):
    """The process dies."""


class Fragile:
    """An encoder that counts what it is given, leaves a mark of its batch, and can die."""

    id, dim, window = "fragile", 4, 10

    def __init__(self, lives=10**9):
        self.lives = lives
        self.seen = []

    def embed(self, texts):
        self.lives -= 1
        if self.lives < 0:
            raise Killed
        self.seen += texts
        rows = np.ones((len(texts), self.dim), dtype=np.float32)
        rows[:, 0] = len("".join(texts))  # as real encoders do in the last bits
        rows[:, 1] = [len(text) for text in texts]
        return rows

    def cut(self, texts):
        return sum(len(text) > self.window for text in texts)


def ticking():
    now = iter(np.arange(0, 100, 0.5))
    return lambda: float(next(now))


def run(texts, vectors, embedder, chunk=3):
    progress = Progress()
    report = embed_missing(
        hashes_of(*texts),
        lambda positions: [texts[i] for i in positions],
        vectors,
        embedder,
        progress,
        chunk=chunk,
        timer=ticking(),
    )
    return report, progress.said


def test_each_text_once_and_never_again(tmp_path):
    texts = ["a", "bb", "a", "a text that is cut", "c", "bb"]
    encoder = create(dim=16)
    encoder.window = 10
    vectors = VectorFile(tmp_path, encoder.id, encoder.dim)
    report, said = run(texts, vectors, encoder)
    assert (report.embedded, report.reused, report.cut) == (4, 2, 1)
    assert (report.embedder, report.window, report.seconds) == (encoder.id, 10, 0.5)
    assert report.texts_per_second == 8.0
    assert said == [("embed", 4), 3, 1, "done"]
    assert (vectors.rows(hashes_of(*texts)) == encoder.embed(texts)).all()

    again = Fragile(lives=0)  # would die if it were asked
    report, said = run(texts, vectors, again)
    assert (report.embedded, report.reused, report.texts_per_second) == (0, 6, 0.0)
    assert said == [("embed", 0), "done"]


@pytest.mark.parametrize("lives", [0, 1, 2, 3])
def test_a_killed_run_ends_with_the_bytes_of_an_undisturbed_one(tmp_path, lives):
    texts = [f"text {i} " * (i % 4) + str(i) for i in range(11)]
    whole = VectorFile(tmp_path / "whole", "fragile", 4)
    run(texts, whole, Fragile())

    first, second = Fragile(lives), Fragile()
    with pytest.raises(Killed):
        run(texts, VectorFile(tmp_path / "killed", "fragile", 4), first)
    vectors = VectorFile(tmp_path / "killed", "fragile", 4)
    assert len(vectors) == 3 * lives
    run(texts, vectors, second)
    assert sorted(first.seen + second.seen) == sorted(texts)
    assert vectors.data.read_bytes() == whole.data.read_bytes()
    assert vectors.keys.read_bytes() == whole.keys.read_bytes()
