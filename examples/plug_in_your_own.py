"""Your own query strategy and your own encoder, found by name like ours.

Run it with ``python examples/plug_in_your_own.py``. A plug-in is a function named by an entry point
in the group ``tiebreak.strategies``, ``tiebreak.embedders`` or ``tiebreak.indexes``::

    [project.entry-points."tiebreak.strategies"]
    doubt_and_lot = "my_package:doubt_and_lot"

After ``pip install`` of your package the name goes into ``tiebreak.toml``. Here the two lines that
pip would install are written by hand. The **people are simulated**, from sealed labels.
"""

from __future__ import annotations

import sys
import tempfile
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tiebreak import Project, registry
from tiebreak.domain.ports import Floats, Pick, Pool
from tiebreak.files import labels_of_column
from tiebreak.simulation.demo import TASK, data_file

ENTRY_POINTS = """\
[tiebreak.strategies]
doubt_and_lot = plug_in_your_own:DoubtAndLot
[tiebreak.embedders]
hashed_words = plug_in_your_own:HashedWords
"""


class DoubtAndLot:
    """Every second pick is what the model is least sure of, the others are by lot.

    It shows the contract of `QueryStrategy`: up to *n* picks, none twice, no near copies (cosine
    above .97) together while others remain, a reason for each, all chance from *rng*.
    """

    name = "doubt_and_lot"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        lot = rng.permutation(len(pool.vectors))
        p = pool.probabilities
        sure = np.zeros(len(lot)) if p is None else p.max(axis=1)  # None: no model yet
        doubt = lot[np.argsort(sure[lot], kind="stable")]
        both = np.stack([doubt, lot], axis=1).ravel()
        _, first = np.unique(both, return_index=True)
        chosen = without_copies(pool.vectors, both[np.sort(first)], n)
        return [
            Pick(
                position=int(at),
                utilities={"sure": float(sure[at])},
                reason=f"the model's best label has {sure[at]:.2f}" if p is not None else "by lot",
            )
            for at in chosen
        ]


def without_copies(vectors: Floats, order: npt.NDArray[np.int64], n: int) -> list[int]:
    """The first *n* of *order*, near copies of chosen ones only when nothing else is left."""
    chosen: list[int] = []
    copies: list[int] = []
    for at in order.tolist():
        if len(chosen) == n:
            break
        near = chosen and float((vectors[chosen] @ vectors[at]).max()) > 0.97
        (copies if near else chosen).append(at)
    return (chosen + copies)[: max(n, 0)]


class HashedWords:
    """Counts of hashed words and word pairs, L2-normalised: an encoder in ten lines."""

    id = "hashed-words-512"  # names the weights: equal ids must give equal vectors
    dim = 512
    window = 1_000

    def embed(self, texts: Sequence[str]) -> Floats:
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            words = ["", *text.lower().split()[: self.window]]
            for gram in [*words, *map(" ".join, pairwise(words))]:
                row[zlib.crc32(gram.encode("utf-8", "surrogatepass")) % self.dim] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def cut(self, texts: Sequence[str]) -> int:
        return sum(len(text.split()) > self.window for text in texts)


def install(folder: Path) -> None:
    """What pip does: beside the code, a folder of metadata that names the entry points."""
    metadata = folder / "plug_in_your_own-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: plug-in-your-own\nVersion: 1.0\n"
    )
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        install(folder)
        sys.path += [str(folder), str(Path(__file__).parent)]
        for kind, name in (("strategies", "doubt_and_lot"), ("embedders", "hashed_words")):
            print(f"{name} is among the {kind}: {name in registry.known(kind)}")

        project = Project.create(
            folder / "project",
            labels=labels_of_column(data_file(), "label"),
            task=TASK,
            agent="none",
            embedder="hashed_words",
            settings={"select": {"strategy": "doubt_and_lot", "batch": 24}},
        )
        with project:
            project.import_file(data_file(), labels_are="gold")
            status = project.run(rounds=5, reviewer="labels")
            batch = project.context.store.batches.last()
            assert batch is not None
            pick = next(item for item in batch.items if item.arm == "active")
            print(f"the last batch is by {batch.strategy}: {pick.reason}")
            told = status.heldout["test"].model
            print(f"{status.labelled.simulated} labels by simulated people, encoder", end=" ")
            print(f"{project.context.embedder.id}: held-out accuracy {told.accuracy:.2f}")


if __name__ == "__main__":
    main()
