"""Intervals, shared errors (test 14 of the promise), the alternative-annotator test, anchoring."""

from __future__ import annotations

import numpy as np
import pytest

from tiebreak.annotators.alternative_annotator import alternative_annotator_test
from tiebreak.annotators.anchoring import RandomisedCard, measure_anchoring
from tiebreak.annotators.intervals import at_most, difference, share_interval
from tiebreak.annotators.shared_errors import bound_shared_errors, is_picked
from tiebreak.assurance.finite import is_certified, per_label
from tiebreak.assurance.sentence import Claim, promised
from tiebreak.errors import UsageError

SECRET = b"0123456789abcdef"


def test_shares_by_hand():
    none = share_interval(0, 10)
    assert none is not None
    assert (none.low, none.n) == (0.0, 10)
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 10))
    assert at_most(0, 59) == pytest.approx(1 - 0.05 ** (1 / 59))
    assert at_most(0, 0) == 1.0
    assert share_interval(0, 0) is None
    with pytest.raises(UsageError, match="3 out of 2"):
        share_interval(3, 2)


def test_newcombes_example():
    """Newcombe 1998, table II: 56/70 - 48/80 is .2000 with [.0524, .3339] by method 10."""
    found = difference(56, 70, 48, 80)
    assert found is not None
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == (
        pytest.approx(0.0524, abs=5e-5),
        pytest.approx(0.3339, abs=5e-5),
    )
    assert difference(1, 2, 0, 0) is None


def simulated_audits(rng, n, *, machine_wrong, follows):
    """**Simulated** audits: the machine errs by *machine_wrong*; where it does, the person repeats
    its error with probability *follows*, and is right otherwise. (machine errs, person agrees)."""
    errs = rng.random(n) < machine_wrong
    return errs, ~errs | (rng.random(n) < follows)


def test_an_annotator_who_shares_the_errors_does_not_make_it_faultless():
    """Test 14: 10 % machine errors, all shared by the audits' person. The certificate of 5 %
    disagreement is granted, rightly; the second part says that it is not the true error."""
    rng = np.random.default_rng(14)
    errs, agrees = simulated_audits(rng, 400, machine_wrong=0.1, follows=1.0)
    assert is_certified(per_label(5_000, 0.05, 400), 400, int((~agrees).sum()), 0.05)
    picked = np.array([is_picked(SECRET, i, "v1") for i in range(400)])
    wrong = int((picked & errs & agrees).sum())  # a second, blind, other person sees them
    found = bound_shared_errors(int(picked.sum()), wrong)
    assert found is not None
    assert found.upper > 0.1
    assert found.rate is not None and found.rate > 0.03
    claim = Claim(
        eps=0.05, delta=0.05, promise="label", labels=4_600, audited=400, wrong=0,
        shared=found.upper,
    )  # fmt: skip
    said = promised(claim)
    assert f"at most {100 * found.upper:.3g} % where the blind person is wrong" in said
    assert "0 counted as wrong" in said  # the first part is untouched
    unmeasured = promised(Claim(**{**_fields(claim), "shared": None}))
    assert "was not measured" in unmeasured and "on top" in unmeasured


def _fields(claim):
    return {name: getattr(claim, name) for name in type(claim).__slots__}


def test_both_parts_bound_the_true_error():
    """First part (its own upper bound) + second part >= true error, in at least 95 % of 400 runs
    at half-shared errors; without the second part it fails nearly always."""
    rng = np.random.default_rng(15)
    covered = naive = 0
    for _ in range(400):
        errs, agrees = simulated_audits(rng, 500, machine_wrong=0.12, follows=0.7)
        picked = rng.random(500) < 0.2
        first = at_most(int((~agrees).sum()), 500)
        second = bound_shared_errors(int(picked.sum()), int((picked & errs & agrees).sum()))
        assert second is not None
        covered += first + second.upper >= 0.12
        naive += first >= 0.12
    assert covered >= 380
    assert naive <= 40


def test_pending_adjudications_count_as_wrong():
    waiting = bound_shared_errors(50, 1, pending=5)
    answered = bound_shared_errors(50, 6)
    assert waiting is not None and answered is not None
    assert waiting.upper == answered.upper
    assert waiting.rate == pytest.approx(1 / 45)
    nobody = bound_shared_errors(5, 0, pending=5)
    assert nobody is not None and (nobody.rate, nobody.upper) == (None, 1.0)
    assert bound_shared_errors(0, 0) is None
    with pytest.raises(UsageError, match="4 wrong and 2 pending among 5"):
        bound_shared_errors(5, 4, pending=2)


def test_the_adjudication_coin_is_a_fifth_and_its_own():
    picked = [is_picked(SECRET, i, "v1") for i in range(4_000)]
    assert 0.18 < sum(picked) / 4_000 < 0.22
    assert picked == [is_picked(SECRET, i, "v1") for i in range(4_000)]
    assert picked != [is_picked(SECRET, i, "v2") for i in range(4_000)]


def simulated_people(rng, items, accuracy, agent_accuracy, labels=4):
    """**Simulated** people and agent who err independently, uniformly over the other labels."""

    def said(truth, share_right):
        return int(
            truth if rng.random() < share_right else (truth + rng.integers(1, labels)) % labels
        )

    truth = rng.integers(0, labels, items)
    units = [{f"p{j}": said(t, accuracy) for j in range(3)} for t in truth]
    return units, [said(t, agent_accuracy) for t in truth]


def test_alt_test_passes_a_good_agent_and_fails_a_bad_one():
    rng = np.random.default_rng(0)
    units, agent = simulated_people(rng, 120, 0.85, 0.9)
    good = alternative_annotator_test(units, agent, "skilled")
    assert good is not None and good.passed and good.winning == 1.0
    assert good.advantage > 0.85
    units, agent = simulated_people(rng, 120, 0.85, 0.5)
    bad = alternative_annotator_test(units, agent, "skilled")
    assert bad is not None and not bad.passed and bad.winning == 0.0


def test_alt_test_scores_ties_to_both_and_corrects():
    # everybody always agrees: all ties, d = 0 < cost for sure
    units = [{"a": 1, "b": 1, "c": 1}] * 30
    found = alternative_annotator_test(units, [1] * 30, "crowd")
    assert found is not None and found.passed
    assert {(d.agent, d.person, d.p) for d in found.duels} == {(1.0, 1.0, 0.0)}
    never = alternative_annotator_test(units, [2] * 30, "expert")
    assert never is not None
    assert {(d.agent, d.person, d.p, d.won) for d in never.duels} == {(0.0, 1.0, 1.0, False)}


def test_alt_tests_p_is_the_paired_t_test_and_by():
    """One duel by hand: d = 1 for 6, -1 for 4, 0 for 30 of 40 records."""
    units = (
        [{"a": 1, "b": 1, "c": 1}] * 6
        + [{"a": 1, "b": 2, "c": 2}] * 4
        + [{"a": 1, "b": 1, "c": 1}] * 30
    )
    agent = [2] * 6 + [2] * 4 + [1] * 30
    found = alternative_annotator_test(units, agent, "expert")
    assert found is not None
    duel = found.duels[0]
    d = np.array([1.0] * 6 + [-1.0] * 4 + [0.0] * 30)
    t = (d.mean() - 0.2) / (d.std(ddof=1) / 40**0.5)
    from scipy.stats import t as student

    assert duel.p == pytest.approx(student.cdf(t, 39))
    assert (duel.agent, duel.person) == (34 / 40, 36 / 40)
    # Benjamini-Yekutieli over three: the largest p is multiplied by 1 + 1/2 + 1/3
    worst = max(found.duels, key=lambda x: x.p)
    assert worst.adjusted == pytest.approx(min(1.0, worst.p * (1 + 1 / 2 + 1 / 3)))


def test_alt_test_needs_three_people_with_thirty_records():
    units = [{"a": 1, "b": 1, "c": 1}] * 29
    assert alternative_annotator_test(units, [1] * 29, "crowd") is None
    assert alternative_annotator_test([{"a": 1, "b": 1}] * 40, [1] * 40, "crowd") is None
    assert (
        alternative_annotator_test([{"a": 1}, {"b": 1}, {"c": 1}] * 40, [1] * 120, "crowd") is None
    )
    with pytest.raises(UsageError, match="1 answers of the agent"):
        alternative_annotator_test(units, [1], "crowd")


def simulated_pull(rng, n, *, accuracy, pull, blind_share):
    """**Simulated** reviewers: they give the agent's label where it is right, and, shown it where
    it is wrong, follow it with probability *pull*."""
    cards = []
    for _ in range(n):
        right, blind = rng.random() < accuracy, rng.random() < blind_share
        cards.append(
            RandomisedCard(bool(blind), bool(right or (not blind and rng.random() < pull)))
        )
    return cards


def test_a_known_pull_is_recovered():
    """Agent 80 %, pull 40 % of its errors (8 points): both are inside their intervals in >= 93 %
    of 300 runs; the naive accuracy of 88 % misses the truth nearly always."""
    rng = np.random.default_rng(0)
    hits = debiased = naive = 0
    for _ in range(300):
        found = measure_anchoring(
            simulated_pull(rng, 2_000, accuracy=0.8, pull=0.4, blind_share=0.15)
        )
        assert found.pull and found.accuracy and found.naive
        hits += found.pull.low <= 0.08 <= found.pull.high
        debiased += found.accuracy.low <= 0.8 <= found.accuracy.high
        naive += found.naive.low <= 0.8 <= found.naive.high
    assert min(hits, debiased) >= 279
    assert naive <= 3


def test_without_a_pull_none_is_proven():
    rng = np.random.default_rng(1)
    proven = sum(
        measure_anchoring(simulated_pull(rng, 400, accuracy=0.8, pull=0.0, blind_share=0.3)).proven
        for _ in range(300)
    )
    assert proven <= 300 * 0.025 + 3 * (300 * 0.025 * 0.975) ** 0.5


def test_without_blind_cards_nothing_is_said():
    found = measure_anchoring([RandomisedCard(False, True)] * 5)
    assert (found.pull, found.accuracy, found.proven) == (None, None, False)
    assert found.naive is not None and found.naive.n == 5
