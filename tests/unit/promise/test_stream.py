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
from promise_projects import answer, pin_coins, promise_bench, two_kinds, waiting
from stores import policy, suggestion

from tiebreak.assurance.coins import coin
from tiebreak.assurance.ladder import AuditAnswer
from tiebreak.assurance.rates import delta_share
from tiebreak.assurance.stream import Lane, uncaught
from tiebreak.config import AgentPart
from tiebreak.domain.decisions import Decision
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.promises import Candidate, FrozenTier, Policy
from tiebreak.domain.records import NewRecord
from tiebreak.domain.reviews import ReviewTask
from tiebreak.drift.state import acknowledge_drift
from tiebreak.errors import ConfigError, Conflict
from tiebreak.learner.opinion.confidence import ConfidenceCurve
from tiebreak.learner.opinion.fusion import Fusion
from tiebreak.loop.routing import route_all
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.loop.verify import project_hash, verify_project
from tiebreak.project.context import ProjectContext
from tiebreak.project.pool import NOT_PROVEN
from tiebreak.project.wiring import head_file
from tiebreak.promise.arrivals import is_audited
from tiebreak.promise.candidates import frozen_head
from tiebreak.promise.settle import settle_promises
from tiebreak.promise.stream_track import StreamTrack, lane_deltas, lanes_of, stream_tracks
from tiebreak.promise.terms import current_terms
from tiebreak.report.status import project_status

BY_PEOPLE = RunOptions(batch=16)
RATE = 0.4
FIRST = 240
"""Records that there are when the first policy is frozen."""
MACHINES = ("autonomous", "unproved")


@pytest.fixture(autouse=True)
def _the_same_coins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coins that nobody can foresee would make these tests come out otherwise each time."""
    pin_coins(monkeypatch)


def stream_bench(folder: Path, agent: str = "none", **promise: Any) -> ProjectContext:
    """A project context whose first policy is frozen, and whose audits of the file are answered."""
    asked = {"stream": True, "audit_rate": RATE, "max_error": 0.2, **promise}
    context = promise_bench(folder, two_kinds(FIRST), **asked)
    context.settings = context.settings.model_copy(update={"agent": AgentPart(name=agent)})
    for _ in range(20):
        run_loop(context, BY_PEOPLE)
        if context.store.promises.policies() and not waiting(context, "audit"):
            return context
        answer(context, waiting(context, "audit") or waiting(context))
    raise AssertionError("no policy was frozen")


def come(context: ProjectContext, n: int, wrong: float = 0.0, seed: int = 7) -> list[int]:
    """*n* records arrive, a share *wrong* of which a machine that reads their texts gets wrong."""
    before = len(context.table.ids)
    rows = two_kinds(n, wrong, seed + before)
    made = [
        NewRecord(source="stream", external_id=f"{before}-{r['id']}", text=r["text"], split="train")
        for r in rows
    ]
    context.store.records.add(made)
    ids = context.store.records.find("stream", [r.external_id for r in made])
    context.store.gold.put(
        {ids[m.external_id]: (r["label"],) for m, r in zip(made, rows, strict=True)}
    )
    context.forget()
    return sorted(ids.values())


def step(context: ProjectContext, n: int, wrong: float = 0.0) -> list[int]:
    """*n* records arrive, a run decides on them, people answer their audits, and a run settles."""
    ids = come(context, n, wrong)
    run_loop(context, BY_PEOPLE)
    answer(context, waiting(context, "audit"))
    run_loop(context, BY_PEOPLE)
    return ids


def until_held_back(context: ProjectContext) -> None:
    """Arrivals come until the gate is open, and then so few that the bound cannot allow their
    labels, whichever of them are audited."""
    for _ in range(10):
        step(context, 60)
        if stream_tracks(context, context.pool_state())[0].gate() is not None:
            step(context, 30)
            return
    raise AssertionError("the gate stays shut")


def sent(context: ProjectContext) -> dict[int, Decision]:
    """Labels of arrivals that are out, proven or marked, by record."""
    came = {c.record_id for c in context.store.promises.arrivals()}
    latest = context.store.decisions.latest(sorted(came))
    return {i: d for i, d in latest.items() if d.labels is not None and d.by in MACHINES}


def errors_unseen(context: ProjectContext, flow: StreamTrack) -> int:
    """Wrong ones among the labels decided for release that no coin caught: what the bound is of."""
    arrived = flow.members.items
    gold = context.store.gold.get([m.record_id for m in arrived])
    return sum(m.release and not is_audited(m) and gold[m.record_id] != m.labels for m in arrived)


def check_bound(context: ProjectContext) -> StreamTrack:
    """The one tier of the stream, whose bound holds against the sealed labels."""
    (flow,) = stream_tracks(context, context.pool_state())
    assert errors_unseen(context, flow) <= uncaught(flow.lanes)
    return flow


def test_arrivals_are_labelled_only_after_evidence(tmp_path: Path) -> None:
    context = stream_bench(tmp_path)
    (policy,) = context.store.promises.policies()
    assert policy.tiers[0].delta == delta_share(1 - policy.confidence, 1) / 2
    of_file = set(context.pool_state().released)
    assert of_file
    seen = []
    for n in (20, *[60] * 6):  # of the first 20, fewer are audited than open the gate
        ids = step(context, n)
        flow = check_bound(context)
        seen.append((flow.gate() is not None, bool(flow.open()), bool(sent(context))))
        if not flow.in_force or not flow.open():  # held back: nobody else labels them either
            assert not sent(context)
            assert not {c.record_id for c in flow.open()} & set(
                context.pool_state().unlabelled.tolist()
            )
    assert seen[0] == (False, False, False)  # too few audits for anything
    assert (True, False, False) in seen  # the gate is open: what comes next is for release
    assert (True, True, False) in seen  # decided for release, held back until the bound allows it
    assert seen[-1] == (True, True, True)
    out = sent(context)
    assert {(d.by, d.reasons[:2]) for d in out.values()} == {
        ("autonomous", ("certified", "stream:normal"))
    }
    assert {d.policy_version for d in out.values()} == {policy.version}
    assert not any(is_audited(c) for c in flow.open())
    assert set(out) == {c.record_id for c in flow.open()}
    assert of_file <= set(context.pool_state().released)
    told = project_status(context).certificates[-1]
    assert (told.mode, told.in_force, told.labels) == ("stream", True, len(out))
    assert told.sentence.startswith("At every moment so far, but for a 5 % chance")
    assert (told.why, told.next, told.back) == ("", None, 0)
    assert verify_project(context) == []
    assert not set(ids) & set(context.pool_state().labelled) - {
        c.record_id for c in flow.members.items
    }


def test_a_second_run_over_a_stream_changes_nothing(tmp_path: Path) -> None:
    context = stream_bench(tmp_path)
    step(context, 60)
    before = project_hash(context), context.store.promises.certificates()
    run_loop(context, BY_PEOPLE)
    assert (project_hash(context), context.store.promises.certificates()) == before


def test_audits_of_arrivals_are_those_whose_coins_fell(tmp_path: Path) -> None:
    context = stream_bench(tmp_path)
    file_audits = context.store.promises.drawn(1)
    ids = come(context, 120)
    looked_at = [ReviewTask(record_id=i, reason="selected", priority=1.0) for i in ids[:5]]
    answer(context, looked_at)  # a person was first
    run_loop(context, BY_PEOPLE)
    (policy,) = context.store.promises.policies()
    arrived = context.store.promises.arrivals()
    assert arrived
    assert {c.record_id for c in arrived} <= set(ids[5:])
    drawn = context.store.promises.drawn(1) - file_audits
    secret = bytes.fromhex(policy.secret)
    fell = {
        c.record_id for c in arrived if coin(secret, c.record_id, policy.version).u < Fraction(RATE)
    }
    assert drawn == fell
    assert 0.2 * len(arrived) < len(fell) < 0.6 * len(arrived)
    tasks = waiting(context, "audit")
    assert {t.record_id for t in tasks} == fell
    assert all(t.blind for t in tasks)
    (flow,) = stream_tracks(context, context.pool_state())
    assert flow.rungs()[-1][1] > 0  # none was answered, and each counts as wrong
    assert not any(c.release for c in arrived)


def test_errors_that_come_late_are_caught_and_stop_it(tmp_path: Path) -> None:
    context = stream_bench(tmp_path)
    for _ in range(6):
        step(context, 60)
    before = set(sent(context))
    assert before
    decided = {c.record_id for c in check_bound(context).open()}
    for _ in range(2):
        step(context, 60, wrong=0.5)
        flow = check_bound(context)
    assert not flow.in_force
    told = project_status(context).certificates[-1]
    assert not told.in_force
    assert told.why
    assert set(sent(context)) <= before  # nothing new went out
    assert {c.record_id for c in flow.members.items if c.release} - decided
    assert verify_project(context) == []


def test_labels_that_are_not_proven_go_out_marked_where_that_is_asked_for(tmp_path: Path) -> None:
    context = stream_bench(tmp_path, unproven="mark")
    of_file = set(context.pool_state().released)
    until_held_back(context)
    out = sent(context)
    assert out
    assert {(d.by, d.reasons[:2]) for d in out.values()} == {
        ("unproved", (NOT_PROVEN, "stream:normal"))
    }
    assert set(context.pool_state().released) == of_file
    told = project_status(context).certificates[-1]
    assert (told.labels, told.marked, told.in_force) == (0, len(out), False)
    assert "no label goes out as proven" in told.sentence
    other: dict[LabelValue, LabelValue] = {("refund",): ("login",), ("login",): ("refund",)}
    # an agent that says otherwise now sends none of them to people
    context.store.suggestions.append(
        [suggestion(i, labels=other[d.labels], purpose="sweep") for i, d in out.items() if d.labels]
    )
    route_all(context)
    assert sent(context).keys() == out.keys()
    assert not out.keys() & {t.record_id for t in waiting(context)}
    for _ in range(3):
        step(context, 60)
    assert {d.by for d in sent(context).values()} == {"autonomous"}
    assert out.keys() <= sent(context).keys()
    assert verify_project(context) == []


def test_a_kill_before_the_coins_are_written_leaves_no_second_coin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = stream_bench(tmp_path)
    ids = come(context, 60)
    before = project_hash(context)
    with monkeypatch.context() as patch:
        patch.setattr(context.store.promises, "draw", _killed)
        with pytest.raises(ZeroDivisionError):
            run_loop(context, BY_PEOPLE)
    assert context.store.promises.arrivals() == []  # all or nothing
    assert project_hash(context) == before
    run_loop(context, BY_PEOPLE)
    first = context.store.promises.arrivals()
    assert first
    assert {c.record_id for c in first} <= set(ids)
    drawn = context.store.promises.drawn(1)
    run_loop(context, BY_PEOPLE)
    assert context.store.promises.arrivals() == first
    assert context.store.promises.drawn(1) == drawn
    with pytest.raises(Conflict):
        context.store.promises.arrive([replace(first[0], release=not first[0].release)])


def _killed(*_: object) -> int:
    raise ZeroDivisionError


def test_drift_raises_an_alarm_that_holds_until_somebody_looked(tmp_path: Path) -> None:
    context = stream_bench(tmp_path, max_error=0.15)
    for _ in range(9):
        step(context, 60)
    good = sent(context)
    assert good
    for _ in range(4):
        step(context, 60, wrong=0.6)
        check_bound(context)
        if context.pool_state().alarms:
            break
    (alarm,) = context.pool_state().alarms
    again = {t.record_id for t in waiting(context, "relabel")}
    assert again
    assert all(t.blind for t in waiting(context, "relabel"))
    back = {i for i in good if alarm.took_back(i)}
    assert back
    assert back <= again
    last = context.store.decisions.latest(sorted(back))
    assert {(d.labels, d.reasons) for d in last.values()} <= {(None, ("monitor",))}
    assert not again & sent(context).keys()
    told = project_status(context).certificates[-1]
    assert "monitor" in told.stop
    assert "--acknowledge" in told.why
    step(context, 60)
    (flow,) = stream_tracks(context, context.pool_state())
    assert flow.gate() is None
    assert not any(
        c.release for c in flow.members.items if c.record_id > alarm.until
    )  # nothing new
    assert len(context.pool_state().alarms) == 1  # and it is not raised again meanwhile
    acknowledge_drift(context)
    run_loop(context, BY_PEOPLE)
    assert project_status(context).certificates[-1].stop == ""
    assert again.isdisjoint(sent(context))  # what went to people stays with them
    assert verify_project(context) == []


def test_a_policy_keeps_its_rate_and_its_head(tmp_path: Path) -> None:
    context = stream_bench(tmp_path)
    (policy,) = context.store.promises.policies()
    version = frozen_head(context, policy)[0]
    answer(context, waiting(context))
    other = context.settings.promise.model_copy(update={"audit_rate": 0.9})
    context.settings = context.settings.model_copy(update={"promise": other})
    step(context, 60)
    newest = context.store.notes.last_model()
    assert newest is not None
    assert newest.version > version == frozen_head(context, policy)[0]
    assert {c.pi for c in context.store.promises.arrivals() if c.policy == 1} == {RATE}


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
    context = stream_bench(tmp_path, agent=f"recorded:{path}#it")
    ids = step(context, 60)
    texts = {i: record.text for i, record in context.records(ids).items()}
    assert {texts[c.record_id] for c in context.store.promises.arrivals()} == {
        row["text"] for row in came
    } - doubted
    context.close()


def test_without_its_head_a_policy_decides_nothing(tmp_path: Path) -> None:
    context = stream_bench(tmp_path)
    (policy,) = context.store.promises.policies()
    head_file(tmp_path, frozen_head(context, policy)[0]).unlink()
    answer(context, waiting(context))
    come(context, 30)
    run_loop(context, BY_PEOPLE)
    assert context.store.promises.arrivals() == []


def test_a_stream_that_is_turned_off_gives_back_what_it_held(tmp_path: Path) -> None:
    context = stream_bench(tmp_path)
    until_held_back(context)
    (flow,) = stream_tracks(context, context.pool_state())
    kept = {c.record_id for c in flow.open()}
    assert kept
    assert not sent(context)
    off = context.settings.promise.model_copy(update={"stream": False, "unproven": "mark"})
    context.settings = context.settings.model_copy(update={"promise": off})
    assert kept <= set(context.pool_state().unlabelled.tolist())
    settle_promises(context)
    assert not sent(context)
    assert project_status(context).certificates[-1].stop == "promise.stream is off"


def test_a_simulated_reviewer_answers_arrivals_and_says_so(tmp_path: Path) -> None:
    context = stream_bench(tmp_path)
    come(context, 60)
    run_loop(context, replace(BY_PEOPLE, reviewer="labels", max_labels=400))
    (flow,) = [
        f for f in stream_tracks(context, context.pool_state()) if f.policy.number == 1
    ] or stream_tracks(context, context.pool_state())[:1]
    assert flow.pending() == []
    assert flow.simulated
    assert project_status(context).certificates[-1].sentence.startswith("SIMULATED")


def test_a_stream_has_no_whole_file_to_promise(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="stream"):
        current_terms(promise_bench(tmp_path, stream=True, kind="dataset"))


def test_a_label_that_was_never_proven_is_found(tmp_path: Path) -> None:
    context = stream_bench(tmp_path)
    until_held_back(context)
    (flow,) = stream_tracks(context, context.pool_state())
    (policy_card,) = context.store.promises.policies()
    member = flow.open()[0]
    assert not sent(context)
    early = Decision(
        record_id=member.record_id,
        by="autonomous",
        labels=member.labels,
        policy_version=policy_card.version,
    )
    context.store.decisions.append([early])
    assert any("no certificate in force" in problem.text for problem in verify_project(context))


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
        answers = np.where(
            audited, np.where(wrong, AuditAnswer.WRONG, AuditAnswer.RIGHT), AuditAnswer.NOT_DRAWN
        )
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
        [
            AuditAnswer.WRONG,
            AuditAnswer.PENDING,
            AuditAnswer.WRONG,
            AuditAnswer.RIGHT,
            AuditAnswer.NOT_DRAWN,
        ],
        dtype=np.int8,
    )
    lanes = lanes_of(members, answers, {0.1: 0.02, 0.3: 0.01, 0.5: 0.001})
    assert lanes == (Lane(pi=0.1, delta=0.02, caught=1), Lane(pi=0.3, delta=0.01, caught=1))
    assert lanes_of(members[2:3], answers[2:3], {0.1: 0.02}) == ()


def test_a_lane_spends_the_share_of_the_policy_that_began_it() -> None:
    def policy_of(number: int, rate: float | None, *tiers: str) -> Policy:
        cut = tuple(
            FrozenTier(name=t, eps=0.05, delta=0.01 / number, audits=9, rungs=()) for t in tiers
        )
        return policy(number, tiers=cut, audit_rate=rate)

    told = lane_deltas(
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
