"""Every benchmark can at least be imported, from the repository's root, as its command does."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MODULES = sorted(
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for file in (ROOT / "benchmarks").rglob("[!_]*.py")
)
PEERS = {
    "benchmarks.selection.peer_skactiveml": "skactiveml",
    "benchmarks.selection.peer_small_text": "small_text",
}


@pytest.mark.parametrize("name", MODULES)
def test_it_is_importable(name: str) -> None:
    if name in PEERS:
        pytest.importorskip(PEERS[name], reason="needs the bench extra")
    module = importlib.import_module(name)
    assert Path(str(module.__file__)).is_relative_to(ROOT / "benchmarks")
