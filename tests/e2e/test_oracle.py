"""The cheap stories of `tests/oracle` come out as they did with 0.1.0."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from compare import differences
from renamed import Renamed

PLAY = Path(__file__).parents[1] / "oracle/play.py"
OLD = {
    "step": "status p --json",
    "exit": 0,
    "stdout": [{"n": 1, "share": 0.3, "people": [{"told": "a"}, {"told": "b"}], "gone": True}],
    "stderr": ["One.", "Two."],
}
NEW = {
    "step": "status p --json",
    "exit": 0,
    "stdout": [{"n": 1, "share": 0.1 + 0.2, "people": [{"text": "a"}, {"text": "b"}], "more": 2}],
    "stderr": ["1."],
}
MEANT = [
    {"sort": "key", "old": "people[].told", "new": "people[].text"},
    {"sort": "key", "old": "gone"},
    {"sort": "key", "new": "more", "step": "status *"},
    {"sort": "words", "old": "One.", "new": "1."},
    {"sort": "words", "old": "Two.", "story": "a*"},
]


@pytest.mark.slow
def test_the_cheap_stories_come_out_as_they_did() -> None:
    done = subprocess.run(
        [sys.executable, PLAY, "--cheap"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_meant_passes_and_nothing_else_does() -> None:
    assert differences([OLD], [NEW], Renamed(MEANT), story="any") == []
    for left_out, entry in enumerate(MEANT):
        less = Renamed([e for number, e in enumerate(MEANT) if number != left_out])
        assert differences([OLD], [NEW], less, story="any"), entry
    assert differences([OLD], [NEW], Renamed(MEANT), story="not so")


@pytest.mark.parametrize(
    ("part", "changed"),
    [("exit", 1), ("stderr", ["1.", "2."]), ("stdout", [{**NEW["stdout"][0], "n": True}]),
     ("stdout", [{**NEW["stdout"][0], "share": 0.300001}]), ("stdout", NEW["stdout"] * 2)],
)  # fmt: skip
def test_a_difference_is_seen(part: str, changed: object) -> None:
    assert differences([OLD], [{**NEW, part: changed}], Renamed(MEANT), story="any")


def test_an_entry_that_nothing_needs_is_named() -> None:
    renamed = Renamed([*MEANT, {"sort": "key", "old": "n.o"}])
    assert differences([OLD], [NEW], renamed, story="any") == []
    assert renamed.unused() == [str({"sort": "key", "old": "n.o"})]
