"""``tiebreak demo --open``: the demo, and then its desk with the next batch for a person."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from commands import COMMAND, ENV

from tiebreak.ui.server.guard import Guard, secret_of


@pytest.mark.slow
def test_the_demo_makes_its_user_the_next_reviewer(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    # A browser that does nothing: the test asks the desk by itself.
    running = subprocess.Popen(
        [*COMMAND, "demo", "--open", "--agent", "none", "--dir", str(folder), "--json"],
        env={**ENV, "BROWSER": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    assert running.stdout is not None
    try:
        url = next(line for line in running.stderr if line.startswith("Review at ")).split()[2]
        answer = _cards(url, folder)
    finally:
        running.send_signal(signal.SIGINT)
        out = running.stdout.read()
        running.stderr.close()
        running.stdout.close()
        running.wait(30)
    assert json.loads(out)["human_labels_used"] > 0
    assert 1 <= len(answer["cards"]) <= 12
    assert any("model" in card for card in answer["cards"])


def _cards(url: str, folder: Path) -> dict[str, list[dict[str, object]]]:
    """Ask the desk for cards until the learner has chosen some."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        request = urllib.request.Request(
            f"{url}/desk/api/sync",
            data=json.dumps({"client": "a-test-client", "want": 20}).encode(),
            headers={"x-tiebreak-token": Guard(secret_of(folder)).token("tester")},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                told: dict[str, list[dict[str, object]]] = json.load(reply)
        except OSError:
            told = {"cards": []}
        if told["cards"]:
            return told
        time.sleep(0.5)
    raise AssertionError("no card came in two minutes")
