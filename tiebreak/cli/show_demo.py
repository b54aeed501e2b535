"""The demo's table, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.cli.output import accuracy, print_line, table
from tiebreak.learner import AnswerScores

if TYPE_CHECKING:
    from tiebreak.simulation import DemoProof, DemoReport, LeftOut, RandomBaseline

WEAK = 0.85


def show_demo(report: DemoReport) -> None:
    """Print what the demo did and measured."""
    status, ties = report.status, report.ties
    test = (status.heldout or {}).get("test", AnswerScores(n=0, model=None, agent=None))
    spend = status.spend
    rows = [
        ("data", report.data),
        ("reviewer", report.reviewer),
        ("agent", report.agent),
        ("pool / held out", f"{status.pool} / {status.records - status.pool} records"),
        ("labels used (simulated person)", str(report.human_labels_used)),
        ("model, held out", accuracy(test.model)),
        ("same head, random labels (median draw)", accuracy(report.random.heldout)),
        ("plain logistic regression on them", accuracy(report.random.plain)),
        ("  needs for the same accuracy", _needed(report.random)),
        ("agent, held out", accuracy(test.agent)),
        ("model, control arm (whole run)", accuracy(status.control.model)),
        ("agent, control arm (whole run)", accuracy(status.control.agent)),
        ("ties sent to review", str(ties.sent_to_review)),
        ("  only the agent was wrong", str(ties.agent_wrong)),
        ("  only the model was wrong", str(ties.model_wrong)),
        ("  both were wrong", str(ties.both_wrong)),
        ("proposed, no person yet", str(status.proposed)),
        ("tokens / money", f"{spend.tokens} / {spend.money:.2f} ({spend.calls} calls)"),
    ]  # fmt: skip
    rows += [(f"seconds: {step}", f"{s:.1f}") for step, s in report.seconds.items()]
    rows.append(("seconds in all", f"{report.seconds_total:.1f}"))
    table("Tiebreak demo", rows)
    for note in report.notes:
        print_line(note)
    _show_agent(test)
    _show_left_out(report.left_out)
    _show_proof(report.proof, status.pool)


def _show_proof(proof: DemoProof, pool: int) -> None:
    """The certificate that was earned, or why none was."""
    n, checked = proof.labels, proof.checked
    print_line(
        f"Then {proof.audits} blind audits (simulated too) for a promise of at most "
        f"{proof.max_error:.0%} wrong labels in the whole file. The fast model labels alone:"
    )
    for certificate in proof.certificates:
        print_line(certificate.sentence)
        if certificate.why:
            print_line(f"Why not more: {certificate.why}")
        if certificate.next is not None:
            print_line(f"Next: {certificate.next.text}.")
    if not proof.certificates:
        print_line("Proved: nothing. No audit could have proved anything of so few records.")
    if n:
        print_line(
            f"{n} of {pool} records ({n / pool:.0%}) were labelled without a person. The sealed "
            f"labels, which only a demo has, say that {checked.wrong} of {checked.n} are "
            f"wrong ({checked.wrong / checked.n:.1%})."
        )


def _needed(random: RandomBaseline) -> str:
    if random.needed is None:
        return f"more than {random.most} random labels"
    return f"about {random.needed} random labels: {random.saved:.0%} saved"


def _show_agent(test: AnswerScores) -> None:
    agent, model = test.agent, test.model
    if agent is None or model is None:
        return
    if agent.high < WEAK or agent.accuracy < model.accuracy:
        print_line(
            f"The embedded agent is weak: {agent.accuracy:.2f} right on {agent.n} held-out "
            f"records, the fast model {model.accuracy:.2f}. For a real one set in "
            'tiebreak.toml: [agent] name = "openai:<model>" (and base_url for your own server).'
        )


def _show_left_out(left: LeftOut | None) -> None:
    if left is not None and left.records:
        print_line(
            f"Left out: {left.records} pool records were not shown to the agent. All of them "
            f"would take about {left.tokens} tokens, {left.money:.2f} money and "
            f"{left.minutes} minutes on this machine (tiebreak run DIR --prelabel all)."
        )
