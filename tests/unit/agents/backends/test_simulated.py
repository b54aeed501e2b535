"""The simulated agent's realised rates on the shipped slice, asked the way the product asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from agent_parts import ledger, schema
from contexts import slice_rows

from benchmarks.agents.simulated_agent import Known, SimulatedAgent, error_rates
from tiebreak.agents.backends.openai_chat import OpenAIChat
from tiebreak.agents.calling.calls import Failure
from tiebreak.agents.labelling.labeller import Labeller, LabelTask
from tiebreak.config import AgentPart
from tiebreak.domain.evidence import Suggestion

ROWS = slice_rows(1000, 300)
LABELS = schema(*sorted({r["label"] for r in ROWS}))
TRUTH = dict(enumerate(r["label"] for r in ROWS))


@pytest.fixture(scope="module")
def agent() -> Iterator[SimulatedAgent]:
    with SimulatedAgent(ROWS, accuracy=0.85, seed=0) as server:
        yield server


def ask(agent: SimulatedAgent, mode: str, n: int) -> dict[int, Suggestion]:
    model = OpenAIChat("simulated", base_url=agent.url)
    settings = AgentPart.model_validate({"mode": mode, "concurrency": 8})
    labeller = Labeller(model, LABELS, task="Which intent?", settings=settings, seed=0)
    tasks = [LabelTask(record_id=i, text=r["text"]) for i, r in enumerate(ROWS[:n])]
    try:
        found = list(labeller.label(tasks, ledger()))
    finally:
        model.close()
    assert not [f for f in found if isinstance(f, Failure)]
    return {s.record_id: s for s in found if isinstance(s, Suggestion)}


def right(said: dict[int, Suggestion]) -> dict[int, bool]:
    return {i: s.labels == (TRUTH[i],) for i, s in said.items() if s.labels}


def test_generate_has_the_rates_it_promises(agent: SimulatedAgent) -> None:
    before = agent.calls - agent.answered
    said = ask(agent, "generate", 1199)
    assert len(said) == 1199
    reasons = Counter(s.abstain for s in said.values())
    assert set(reasons) == {None, "invalid-json", "refused"}
    assert 0.015 < reasons["invalid-json"] / 1199 < 0.045
    assert 0.008 < reasons["refused"] / 1199 < 0.032
    assert 0.82 < np.mean(list(right(said).values())) < 0.88
    assert 0.002 < (agent.calls - agent.answered - before) / 1199 < 0.02
    assert said[0].rationale_by == "model"


def test_a_rerun_is_answered_alike(agent: SimulatedAgent) -> None:
    first, second = (ask(agent, "generate", 100) for _ in range(2))
    assert first == second


def test_score_is_surer_where_it_is_right(agent: SimulatedAgent) -> None:
    said = ask(agent, "score", 400)
    assert {s.mode for s in said.values()} == {"score"}
    hits = right(said)
    sure = {True: [], False: []}
    for i, hit in hits.items():
        confidence = said[i].confidence
        assert confidence is not None
        sure[hit].append(confidence)
    assert 0.80 < np.mean(list(hits.values())) < 0.90
    assert np.mean(sure[True]) > np.mean(sure[False]) + 0.1


def test_errors_follow_difficulty() -> None:
    difficulty = np.linspace(0, 1, 500)
    rates = error_rates(difficulty, 0.15)
    assert rates.mean() == pytest.approx(0.15, abs=1e-6)
    assert (np.diff(rates) >= 0).all()


def test_another_seed_errs_on_other_records(agent: SimulatedAgent) -> None:
    other = SimulatedAgent(ROWS, accuracy=0.85, seed=1)
    with other:
        pass
    same: list[tuple[Known, Known]] = [(agent.known[t], other.known[t]) for t in agent.known]
    assert 0.05 < np.mean([a.answer != b.answer for a, b in same]) < 0.4
