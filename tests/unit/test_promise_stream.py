"""A stream on the in-memory store: arrivals are decided on, audited, released, and stopped.

People are simulated throughout: `promise_projects.answer` answers as the sealed labels have it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from promise_projects import answer, promise_bench, two_kinds, waiting
from stores import policy, suggestion

from tiebreak.assurance.coins import coin
from tiebreak.assurance.ladder import Answer
from tiebreak.assurance.rates import delta_share
from tiebreak.assurance.stream import Lane, uncaught
from tiebreak.config import AgentPart
from tiebreak.domain.decisions import Decision
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.promises import Candidate, FrozenTier, PolicyCard
from tiebreak.domain.records import NewRecord
from tiebreak.domain.reviews import ReviewTask
from tiebreak.errors import ConfigError, Conflict
from tiebreak.learner.confidence import ConfidenceCurve
from tiebreak.learner.fusion import Fusion
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.loop import run
from tiebreak.workflow.promise.arrivals import frozen_head, is_audited
from tiebreak.workflow.promise.asked import asked
from tiebreak.workflow.promise.held import MARK, autonomous
from tiebreak.workflow.promise.settle import settle
from tiebreak.workflow.promise.stream import Flow, flows, lanes_of, shares
from tiebreak.workflow.promise.watchful import alarms
from tiebreak.workflow.routing import route_all
from tiebreak.workflow.running import RunOptions
from tiebreak.workflow.select import unlabelled
from tiebreak.workflow.status import status
from tiebreak.workflow.verify import project_hash, verify
from tiebreak.workflow.watch import looked
from tiebreak.workflow.wiring import head_file

BY_PEOPLE = RunOptions(batch=16)
RATE = 0.4
FIRST = 240
"""Records that there are when the first policy is frozen."""
MACHINES = ("autonomous", "unproved")


@pytest.fixture(autouse=True)
def _the_same_coins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coins that nobody can foresee would make these tests come out otherwise each time."""
    monkeypatch.setattr("tiebreak.workflow.promise.freeze.secrets.token_bytes", bytes)


def stream_bench(folder: Path, agent: str = "none", **promise: Any) -> Bench:
    """A bench whose first policy is frozen, and whose audits of the file are answered."""
    asked = {"stream": True, "audit_rate": RATE, "max_error": 0.2, **promise}
    bench = promise_bench(folder, two_kinds(FIRST), **asked)
    bench.settings = bench.settings.model_copy(update={"agent": AgentPart(name=agent)})
    for _ in range(20):
        run(bench, BY_PEOPLE)
        if bench.store.promises.policies() and not waiting(bench, "audit"):
            return bench
        answer(bench, waiting(bench, "audit") or waiting(bench))
    raise AssertionError("no policy was frozen")


def come(bench: Bench, n: int, wrong: float = 0.0, seed: int = 7) -> list[int]:
    """*n* records arrive, a share *wrong* of which a machine that reads their texts gets wrong."""
    before = len(bench.table.ids)
    rows = two_kinds(n, wrong, seed + before)
    made = [
        NewRecord(source="stream", external_id=f"{before}-{r['id']}", text=r["text"], split="train")
        for r in rows
    ]
    bench.store.records.add(made)
    ids = bench.store.records.find("stream", [r.external_id for r in made])
    bench.store.gold.put(
        {ids[m.external_id]: (r["label"],) for m, r in zip(made, rows, strict=True)}
    )
    bench.forget()
    return sorted(ids.values())


def step(bench: Bench, n: int, wrong: float = 0.0) -> list[int]:
    """*n* records arrive, a run decides on them, people answer their audits, and a run settles."""
    ids = come(bench, n, wrong)
    run(bench, BY_PEOPLE)
    answer(bench, waiting(bench, "audit"))
    run(bench, BY_PEOPLE)
    return ids


def sent(bench: Bench) -> dict[int, Decision]:
    """Labels of arrivals that are out, proven or marked, by record."""
    came = {c.record_id for c in bench.store.promises.arrivals()}
    latest = bench.store.decisions.latest(sorted(came))
    return {i: d for i, d in latest.items() if d.labels is not None and d.by in MACHINES}


def errors_unseen(bench: Bench, flow: Flow) -> int:
    """Wrong ones among the labels decided for release that no coin caught: what the bound is of."""
    gold = bench.store.gold.get([m.record_id for m in flow.members])
    return sum(
        m.release and not is_audited(m) and gold[m.record_id] != m.labels for m in flow.members
    )


def check_bound(bench: Bench) -> Flow:
    """The one tier of the stream, whose bound holds against the sealed labels."""
    (flow,) = flows(bench)
    assert errors_unseen(bench, flow) <= uncaught(flow.lanes)
    return flow


def test_arrivals_are_labelled_only_after_evidence(tmp_path: Path) -> None:
    bench = stream_bench(tmp_path)
    (policy,) = bench.store.promises.policies()
    assert policy.tiers[0].delta == delta_share(1 - policy.confidence, 1) / 2
    of_file = set(autonomous(bench))
    assert of_file
    seen = []
    for _ in range(7):
        ids = step(bench, 60)
        flow = check_bound(bench)
        seen.append((flow.gate() is not None, bool(flow.open()), bool(sent(bench))))
        if not flow.in_force or not flow.open():  # held back: nobody else labels them either
            assert not sent(bench)
            assert not {c.record_id for c in flow.open()} & set(unlabelled(bench).tolist())
    assert seen[0] == (False, False, False)  # too few audits for anything
    assert (True, False, False) in seen  # the gate is open: what comes next is for release
    assert (True, True, False) in seen  # decided for release, held back until the bound allows it
    assert seen[-1] == (True, True, True)
    out = sent(bench)
    assert {(d.by, d.reasons[:2]) for d in out.values()} == {
        ("autonomous", ("certified", "stream:normal"))
    }
    assert {d.policy_version for d in out.values()} == {policy.version}
    assert not any(is_audited(c) for c in flow.open())
    assert set(out) == {c.record_id for c in flow.open()}
    assert of_file <= set(autonomous(bench))
    told = status(bench)["certificates"][-1]
    assert (told["mode"], told["in_force"], told["labels"]) == ("stream", True, len(out))
    assert told["sentence"].startswith("At every moment so far, but for a 5 % chance")
    assert (told["why"], told["next"], told["back"]) == ("", None, 0)
    assert verify(bench) == []
    assert not set(ids) & set(bench.labelled()) - {c.record_id for c in flow.members}


def test_a_second_run_over_a_stream_changes_nothing(tmp_path: Path) -> None:
    bench = stream_bench(tmp_path)
    step(bench, 60)
    before = project_hash(bench), bench.store.promises.certificates()
    run(bench, BY_PEOPLE)
    assert (project_hash(bench), bench.store.promises.certificates()) == before


def test_audits_of_arrivals_are_those_whose_coins_fell(tmp_path: Path) -> None:
    bench = stream_bench(tmp_path)
    file_audits = bench.store.promises.drawn(1)
    ids = come(bench, 120)
    looked_at = [ReviewTask(record_id=i, reason="selected", priority=1.0) for i in ids[:5]]
    answer(bench, looked_at)  # a person was first
    run(bench, BY_PEOPLE)
    (policy,) = bench.store.promises.policies()
    arrived = bench.store.promises.arrivals()
    assert arrived
    assert {c.record_id for c in arrived} <= set(ids[5:])
    drawn = bench.store.promises.drawn(1) - file_audits
    secret = bytes.fromhex(policy.secret)
    fell = {
        c.record_id for c in arrived if coin(secret, c.record_id, policy.version).u < Fraction(RATE)
    }
    assert drawn == fell
    assert 0.2 * len(arrived) < len(fell) < 0.6 * len(arrived)
    tasks = waiting(bench, "audit")
    assert {t.record_id for t in tasks} == fell
    assert all(t.blind for t in tasks)
    (flow,) = flows(bench)
    assert flow.rungs()[-1][1] > 0  # none was answered, and each counts as wrong
    assert not any(c.release for c in arrived)


def test_errors_that_come_late_are_caught_and_stop_it(tmp_path: Path) -> None:
    bench = stream_bench(tmp_path)
    for _ in range(6):
        step(bench, 60)
    before = set(sent(bench))
    assert before
    decided = {c.record_id for c in check_bound(bench).open()}
    for _ in range(2):
        step(bench, 60, wrong=0.5)
        flow = check_bound(bench)
    assert not flow.in_force
    told = status(bench)["certificates"][-1]
    assert not told["in_force"]
    assert told["why"]
    assert set(sent(bench)) <= before  # nothing new went out
    assert {c.record_id for c in flow.members if c.release} - decided
    assert verify(bench) == []


def test_labels_that_are_not_proven_go_out_marked_where_that_is_asked_for(tmp_path: Path) -> None:
    bench = stream_bench(tmp_path, unproven="mark")
    of_file = set(autonomous(bench))
    for _ in range(3):
        step(bench, 60)
    out = sent(bench)
    assert out
    assert {(d.by, d.reasons[:2]) for d in out.values()} == {("unproved", (MARK, "stream:normal"))}
    assert set(autonomous(bench)) == of_file
    told = status(bench)["certificates"][-1]
    assert (told["labels"], told["marked"], told["in_force"]) == (0, len(out), False)
    assert "no label goes out as proven" in told["sentence"]
    other: dict[LabelValue, LabelValue] = {("refund",): ("login",), ("login",): ("refund",)}
    bench.store.suggestions.append(  # an agent that says otherwise now sends none of them to people
        [suggestion(i, labels=other[d.labels], purpose="sweep") for i, d in out.items() if d.labels]
    )
    route_all(bench)
    assert sent(bench).keys() == out.keys()
    assert not out.keys() & {t.record_id for t in waiting(bench)}
    for _ in range(3):
        step(bench, 60)
    assert {d.by for d in sent(bench).values()} == {"autonomous"}
    assert out.keys() <= sent(bench).keys()
    assert verify(bench) == []


def test_a_kill_before_the_coins_are_written_leaves_no_second_coin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = stream_bench(tmp_path)
    ids = come(bench, 60)
    before = project_hash(bench)
    with monkeypatch.context() as patch:
        patch.setattr(bench.store.promises, "draw", _killed)
        with pytest.raises(ZeroDivisionError):
            run(bench, BY_PEOPLE)
    assert bench.store.promises.arrivals() == []  # all or nothing
    assert project_hash(bench) == before
    run(bench, BY_PEOPLE)
    first = bench.store.promises.arrivals()
    assert first
    assert {c.record_id for c in first} <= set(ids)
    drawn = bench.store.promises.drawn(1)
    run(bench, BY_PEOPLE)
    assert bench.store.promises.arrivals() == first
    assert bench.store.promises.drawn(1) == drawn
    with pytest.raises(Conflict):
        bench.store.promises.arrive([replace(first[0], release=not first[0].release)])


def _killed(*_: object) -> int:
    raise ZeroDivisionError


def test_drift_raises_an_alarm_that_holds_until_somebody_looked(tmp_path: Path) -> None:
    bench = stream_bench(tmp_path, max_error=0.15)
    for _ in range(9):
        step(bench, 60)
    good = sent(bench)
    assert good
    for _ in range(4):
        step(bench, 60, wrong=0.6)
        check_bound(bench)
        if alarms(bench):
            break
    (alarm,) = alarms(bench)
    again = {t.record_id for t in waiting(bench, "relabel")}
    assert again
    assert all(t.blind for t in waiting(bench, "relabel"))
    back = {i for i in good if alarm.took(i)}
    assert back
    assert back <= again
    last = bench.store.decisions.latest(sorted(back))
    assert {(d.labels, d.reasons) for d in last.values()} <= {(None, ("monitor",))}
    assert not again & sent(bench).keys()
    told = status(bench)["certificates"][-1]
    assert "monitor" in told["stop"]
    assert "--looked" in told["why"]
    step(bench, 60)
    (flow,) = flows(bench)
    assert flow.gate() is None
    assert not any(c.release for c in flow.members if c.record_id > alarm.until)  # nothing new
    assert len(alarms(bench)) == 1  # and it is not raised again meanwhile
    looked(bench)
    run(bench, BY_PEOPLE)
    assert status(bench)["certificates"][-1]["stop"] == ""
    assert again.isdisjoint(sent(bench))  # what went to people stays with them
    assert verify(bench) == []


def test_a_policy_keeps_its_rate_and_its_head(tmp_path: Path) -> None:
    bench = stream_bench(tmp_path)
    (policy,) = bench.store.promises.policies()
    version = frozen_head(bench, policy)[0]
    answer(bench, waiting(bench))
    other = bench.settings.promise.model_copy(update={"audit_rate": 0.9})
    bench.settings = bench.settings.model_copy(update={"promise": other})
    step(bench, 60)
    newest = bench.store.notes.last_model()
    assert newest is not None
    assert newest.version > version == frozen_head(bench, policy)[0]
    assert {c.pi for c in bench.store.promises.arrivals() if c.policy == 1} == {RATE}


def test_the_agent_is_asked_about_arrivals_and_must_agree(tmp_path: Path) -> None:
    came = two_kinds(60, seed=7 + FIRST)  # as `come` makes them
    doubted = {row["text"] for row in came[::3]}
    other = {"refund": "login", "login": "refund"}
    said = [
        {"text": r["text"], "label": other[r["label"]] if r["text"] in doubted else r["label"]}
        for r in two_kinds(FIRST) + came
    ]
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join(json.dumps({**x, "run": "it"}) for x in said), encoding="utf-8")
    bench = stream_bench(tmp_path, agent=f"recorded:{path}#it")
    ids = step(bench, 60)
    texts = {i: record.text for i, record in bench.records(ids).items()}
    assert {texts[c.record_id] for c in bench.store.promises.arrivals()} == {
        row["text"] for row in came
    } - doubted
    bench.close()


def test_without_its_head_a_policy_decides_nothing(tmp_path: Path) -> None:
    bench = stream_bench(tmp_path)
    (policy,) = bench.store.promises.policies()
    head_file(tmp_path, frozen_head(bench, policy)[0]).unlink()
    answer(bench, waiting(bench))
    come(bench, 30)
    run(bench, BY_PEOPLE)
    assert bench.store.promises.arrivals() == []


def test_a_stream_that_is_turned_off_gives_back_what_it_held(tmp_path: Path) -> None:
    bench = stream_bench(tmp_path)
    for _ in range(3):
        step(bench, 60)
    (flow,) = flows(bench)
    kept = {c.record_id for c in flow.open()}
    assert kept
    assert not sent(bench)
    off = bench.settings.promise.model_copy(update={"stream": False, "unproven": "mark"})
    bench.settings = bench.settings.model_copy(update={"promise": off})
    assert kept <= set(unlabelled(bench).tolist())
    settle(bench)
    assert not sent(bench)
    assert status(bench)["certificates"][-1]["stop"] == "promise.stream is off"


def test_a_simulated_reviewer_answers_arrivals_and_says_so(tmp_path: Path) -> None:
    bench = stream_bench(tmp_path)
    come(bench, 60)
    run(bench, replace(BY_PEOPLE, reviewer="labels", max_labels=400))
    (flow,) = [f for f in flows(bench) if f.policy.number == 1] or flows(bench)[:1]
    assert flow.pending() == []
    assert flow.simulated
    assert status(bench)["certificates"][-1]["sentence"].startswith("SIMULATED")


def test_a_stream_has_no_whole_file_to_promise(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="stream"):
        asked(promise_bench(tmp_path, stream=True, kind="dataset"))


def test_a_label_that_was_never_proven_is_found(tmp_path: Path) -> None:
    bench = stream_bench(tmp_path)
    for _ in range(3):
        step(bench, 60)
    (flow,) = flows(bench)
    (policy_card,) = bench.store.promises.policies()
    member = flow.open()[0]
    assert not sent(bench)
    early = Decision(
        record_id=member.record_id,
        by="autonomous",
        labels=member.labels,
        policy_version=policy_card.version,
    )
    bench.store.decisions.append([early])
    assert any("no certificate in force" in problem for problem in verify(bench))


# ------------------------------------------------------------------ the bound, without a project


def made(i: int, *, release: bool = True, pi: float = 0.1) -> Candidate:
    return Candidate(
        policy=1,
        record_id=i,
        tier="normal",
        labels=("a",),
        score=0.9,
        coin="0" * 64,
        pi=pi,
        release=release,
    )


def test_the_bound_holds_at_every_moment_of_many_streams() -> None:
    """Errors come in a burst after a clean start; those of labels not for release do not count."""
    delta, pi, missed = 0.05, 0.1, 0
    members = [made(i) for i in range(600)]
    for seed in range(300):
        rng = np.random.default_rng(seed)
        wrong = rng.random(600) < np.where(np.arange(600) < 200, 0.01, 0.3)
        audited = rng.random(600) < pi
        answers = np.where(audited, np.where(wrong, Answer.WRONG, Answer.RIGHT), Answer.NOT_DRAWN)
        answers = answers.astype(np.int8)
        for t in range(20, 601, 20):
            lanes = lanes_of(members[:t], answers[:t], {pi: delta})
            if (wrong & ~audited)[:t].sum() > uncaught(lanes):
                missed += 1
                break
    assert missed <= delta * 300 + 2 * (300 * delta * (1 - delta)) ** 0.5


def test_lanes_count_their_own_caught_errors_and_what_waits() -> None:
    members = [made(1), made(2, pi=0.3), made(3, release=False), made(4), made(5, pi=0.3)]
    answers = np.array(
        [Answer.WRONG, Answer.PENDING, Answer.WRONG, Answer.RIGHT, Answer.NOT_DRAWN], dtype=np.int8
    )
    lanes = lanes_of(members, answers, {0.1: 0.02, 0.3: 0.01, 0.5: 0.001})
    assert lanes == (Lane(pi=0.1, delta=0.02, caught=1), Lane(pi=0.3, delta=0.01, caught=1))
    assert lanes_of(members[2:3], answers[2:3], {0.1: 0.02}) == ()


def test_a_lane_spends_the_share_of_the_policy_that_began_it() -> None:
    def policy_of(number: int, rate: float | None, *tiers: str) -> PolicyCard:
        cut = tuple(
            FrozenTier(name=t, eps=0.05, delta=0.01 / number, audits=9, rungs=()) for t in tiers
        )
        return policy(number, tiers=cut, audit_rate=rate)

    told = shares(
        [
            policy_of(1, None, "a"),
            policy_of(2, 0.1, "a"),
            policy_of(3, 0.1, "a", "b"),
            policy_of(4, 0.2, "a"),
        ]
    )
    assert told == {("a", 0.1): 0.005, ("b", 0.1): 0.01 / 3, ("a", 0.2): 0.0025}


def test_a_fusion_is_rebuilt_from_what_was_frozen_of_it() -> None:
    fitted = Fusion(
        temperature=1.3,
        right=0.7,
        weight=0.4,
        rows=((1, (0.2, 0.8)),),
        curve=ConfidenceCurve(intercept=0.1, slope=2.0, n=0),
    )
    assert Fusion.of([list(x) for x in fitted.parameters()]) == fitted  # type: ignore[misc]
    assert Fusion.of(Fusion().parameters()) == Fusion()
