"""What the report says, from a project's store. Reads only.

Labels by people, simulated, autonomous and unproved stand side by side and are never added up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tiebreak import __version__
from tiebreak.assurance import percent
from tiebreak.domain.decisions import Decision
from tiebreak.domain.promises import Policy
from tiebreak.evaluation import label_prevalence
from tiebreak.project import ProjectContext
from tiebreak.promise import CertificateStatus, PromiseTerms, current_terms
from tiebreak.report.results import (
    AgreementTogether,
    FileCertificate,
    LabelCounts,
    NothingPromised,
    PeopleTogether,
    PromiseInForce,
    PublishedPolicy,
    Report,
    ReportedCertificate,
    ReportProject,
    ReportSpend,
    Status,
    StreamCertificate,
)
from tiebreak.report.status import project_status
from tiebreak.results import copied
from tiebreak.review.quality import people_report

USUAL_ERROR = 0.05
"""The tolerated error that is given as an example where nobody asked for one yet."""


def project_report(context: ProjectContext) -> Report:
    """The whole report of a project as it stands now."""
    status = project_status(context)
    state = context.pool_state()
    policies, released = state.policies, state.released
    released_by = Counter(
        (decision.policy_version, reason)
        for decision in released.values()
        for reason in decision.reasons
    )
    certificates = sorted(
        (certificate_of(one, released_by) for one in status.certificates),
        key=lambda c: (not c.in_force, -c.policy),
    )
    promised = tuple(copied(PromiseInForce, c) for c in certificates if c.in_force)
    settings = context.settings
    return Report(
        project=ReportProject(
            name=settings.project.name,
            task=settings.project.task,
            labels=len(context.schema.names),
            tiebreak=__version__,
            at=context.clock().isoformat(timespec="seconds"),
        ),
        promised=promised,
        nothing=None if promised else _nothing(context, policies, certificates),
        labels=_labels(status, certificates, released),
        certificates=tuple(certificates),
        policies=tuple(copied(PublishedPolicy, policy) for policy in policies),
        people=_people(context),
        prevalence=label_prevalence(context),
        spend=ReportSpend(
            money=status.spend.money,
            calls=status.spend.calls,
            tokens=status.spend.tokens,
            limit=settings.budget.money,
            currency=settings.budget.currency,
        ),
        control=status.control,
        curve=status.curve,
        drift=status.drift,
        forecast=status.forecast,
        heldout=status.heldout,
        multiple=status.multiple,
        next=status.next,
        queue=status.queue,
        queue_by_reason=status.queue_by_reason,
        rounds=status.rounds,
    )


def certificate_of(
    status: CertificateStatus, released_by: Mapping[tuple[str, str], int]
) -> ReportedCertificate:
    """A certificate with the labels that stand by it; *released_by* counts those of all by policy
    version and reason."""
    if status.mode == "stream":
        return copied(StreamCertificate, status, out=status.labels)
    return copied(
        FileCertificate, status, out=released_by.get((status.version, f"tier:{status.tier}"), 0)
    )


def _labels(
    status: Status,
    certificates: Sequence[ReportedCertificate],
    released: Mapping[int, Decision],
) -> LabelCounts:
    labelled = status.labelled
    by_people = labelled.human + labelled.simulated
    simulated = sum("simulated-audits" in decision.reasons for decision in released.values())
    return LabelCounts(
        pool=status.pool,
        human=labelled.human,
        simulated=labelled.simulated,
        autonomous=len(released) - simulated,
        autonomous_simulated=simulated,
        unproved=labelled.unproved,
        none=max(status.pool - by_people - labelled.autonomous - labelled.unproved, 0),
        stale=sum(max(c.out - c.labels, 0) for c in certificates),
    )


def _nothing(
    context: ProjectContext, policies: Sequence[Policy], certificates: Sequence[ReportedCertificate]
) -> NothingPromised:
    """Why nothing is promised now, and what it would take."""
    if policies:
        newest = [c for c in certificates if c.policy == policies[-1].number]
        why = tuple(f"{_tier(c)}: {c.why}" for c in newest if c.why)
        takes = tuple(f"{_tier(c)}: {_takes(c)}" for c in newest if c.next or c.pending)
        return NothingPromised(why=why, takes=takes or (_more_labels(context, policies),))
    terms = current_terms(context)
    if terms is None:
        return NothingPromised(
            why=("No error was asked for, so no label is given without a person as proven.",),
            takes=(_first_policy(context, _example(context)),),
        )
    known, first = len(context.pool_state().labelled), terms.labels_first(*_sizes(context))
    reason = (
        f"{known:,} labels are known, and a policy is frozen after {first:,} at the earliest."
        if known < first
        else "No policy is frozen: there are too few records on which agent and model agree, or "
        "nothing was run since the labels came."
    )
    return NothingPromised(why=(reason,), takes=(_first_policy(context, terms),))


def _tier(certificate: ReportedCertificate) -> str:
    return f"Tier {certificate.tier}{', what arrives' if certificate.mode == 'stream' else ''}"


def _takes(certificate: ReportedCertificate) -> str:
    waiting, more = certificate.pending, certificate.next
    steps = [f"answer the {waiting:,} audits that wait"] if waiting else []
    return "; ".join([*steps, *([more.text] if more else [])]) + "."


def _more_labels(context: ProjectContext, policies: Sequence[Policy]) -> str:
    if not len(context.pool_state().unlabelled):
        return "Nothing: every record has its answer, so there is nothing left to promise."
    return (
        f"A further policy, from more labels (the last was frozen at {policies[-1].known:,}, and "
        f"{len(context.pool_state().labelled):,} are known now), or a greater error: "
        "tiebreak run DIR --max-error."
    )


def _example(context: ProjectContext) -> PromiseTerms:
    """What people would be asked for under the usual error."""
    terms = current_terms(context, max_error=USUAL_ERROR)
    assert terms is not None  # an error was given
    return terms


def _first_policy(context: ProjectContext, terms: PromiseTerms) -> str:
    pool, names = _sizes(context)
    return (
        f"tiebreak run DIR --max-error {terms.max_error:g} --confidence {terms.confidence:g} "
        f"learns from {terms.labels_first(pool, names):,} labels by people, freezes a policy, and "
        f"asks people for at most about {terms.audits(pool):,} blind audits, to prove "
        f"{percent(terms.max_error)}."
    )


def _sizes(context: ProjectContext) -> tuple[int, int]:
    return len(context.table.pool), len(context.schema.names)


def _people(context: ProjectContext) -> PeopleTogether | None:
    """The parts of the people report that name nobody; None before a person answered."""
    report = people_report(context)
    if not report.people:
        return None
    between = report.agreement
    return PeopleTogether(
        agreement=AgreementTogether(
            records=between.records, alpha=between.alpha, unclear=between.unclear
        ),
        anchoring=report.anchoring,
        shared_errors=report.shared_errors,
        alternative=report.alternative,
    )
