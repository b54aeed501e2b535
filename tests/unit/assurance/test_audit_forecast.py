"""What more audits would buy."""

from __future__ import annotations

import numpy as np

from tiebreak.assurance import finite
from tiebreak.assurance.audit_forecast import AuditForecast, forecast_audits, more_audits
from tiebreak.assurance.ladder import AuditAnswer, next_audits, released, standings
from tiebreak.assurance.rungs import Ladder, Rung

SCORES = np.random.default_rng(0).permutation(2000) / 2000
LADDER = Ladder(
    (Rung(0.5, finite.per_label(1000, 0.05, 200)), Rung(0.0, finite.per_label(2000, 0.05, 400))),
    0.05,
)


def undrawn() -> np.ndarray:
    return np.full(2000, AuditAnswer.NOT_DRAWN, dtype=np.int8)


def test_an_offer_is_what_then_happens_if_errors_go_on_as_they_came() -> None:
    answers = undrawn()
    clean = finite.crossing(LADDER.rungs[0].pool, 0, 0.05)
    assert clean is not None
    first = forecast_audits(LADDER, standings(LADDER, SCORES, answers), rate=0.0)
    assert first == AuditForecast(0, clean, 1000 - clean)
    draw = next_audits(LADDER, SCORES, answers, clean)
    answers[draw[:-1]] = AuditAnswer.RIGHT
    assert released(standings(LADDER, SCORES, answers)) is None
    answers[draw] = AuditAnswer.RIGHT
    found = standings(LADDER, SCORES, answers)
    assert released(found) == 0
    second = forecast_audits(LADDER, found, rate=0.0)
    assert second is not None
    assert second.rung == 1
    draw = next_audits(LADDER, SCORES, answers, second.audits)
    answers[draw] = AuditAnswer.RIGHT
    found = standings(LADDER, SCORES, answers)
    assert released(found) == 1
    gained = (2000 - found[1].seen) - (1000 - clean)
    assert 0 <= gained - second.labels <= second.audits  # some of the prefix was seen already
    assert forecast_audits(LADDER, found) is None


def test_errors_make_it_dearer_until_it_is_out_of_reach() -> None:
    answers = undrawn()
    own = np.flatnonzero(SCORES >= 0.5)
    costs = []
    for wrong in (0, 1, 12):
        answers[own[:60]] = AuditAnswer.RIGHT
        answers[own[:wrong]] = AuditAnswer.WRONG
        found = standings(LADDER, SCORES, answers)
        costs.append(more_audits(LADDER, found, 0, rate=0.001))
        assert (forecast_audits(LADDER, found, rate=0.001) is None) == (costs[-1] is None)
    assert costs[0] is not None
    assert costs[1] is not None
    assert 0 < costs[0] < costs[1]
    assert costs[2] is None
    answers[own[:12]] = AuditAnswer.PENDING
    assert more_audits(LADDER, standings(LADDER, SCORES, answers), 0, rate=0.001) == costs[0]
    assert more_audits(LADDER, standings(LADDER, SCORES, answers), 0, rate=0.04) is None
