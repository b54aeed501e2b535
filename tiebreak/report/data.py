"""What the report says, as one plain mapping: the JSON document, and all that the page is made of.

Reads only. Labels by people, simulated, autonomous and unproved stand side by side and are never
added up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tiebreak import __version__
from tiebreak.assurance.sentence import percent
from tiebreak.domain.decisions import Decision
from tiebreak.domain.promises import Policy
from tiebreak.evaluation.prevalence import label_prevalence
from tiebreak.project.context import ProjectContext
from tiebreak.promise.terms import PromiseTerms, current_terms
from tiebreak.report.status import project_status
from tiebreak.results import to_json
from tiebreak.review.quality.report import people_report

USUAL_ERROR = 0.05
"""The tolerated error that is given as an example where nobody asked for one yet."""
TAKEN_OVER = (
    "control", "curve", "drift", "forecast", "heldout", "multiple", "next", "queue",
    "queue_by_reason", "rounds",
)  # fmt: skip
"""What is said as `tiebreak.report.status.project_status` says it."""

Told = dict[str, Any]


def project_report(context: ProjectContext) -> Told:
    """The whole report; every number of the page is in it.

    Returns:
        ``project``: ``name``, ``task``, ``labels`` (how many), ``tiebreak`` (the version) and
        ``at`` (now). ``promised``: the sentences in force, by certificate (see `_certificate`);
        ``nothing``: None, or where nothing is promised ``{why, takes}``, lists of sentences.
        ``labels``: see `_labels`. ``certificates``: all of them, those in force first.
        ``policies``: the frozen bundles (see `_bundle`). ``people``: ``{agreement, anchoring,
        shared_errors, alternative}`` without anybody's name, or None before a person answered.
        ``prevalence``: the share of each label in the pool (see `workflow.prevalence`).
        ``spend``: ``{money, calls, tokens, limit, currency}``. The rest as in ``docs/status.md``.
        A figure that is not finite is the text ``inf`` or ``-inf``.
    """
    found = to_json(project_status(context))
    policies = context.pool_state().policies
    out = context.pool_state().released
    stands = Counter((d.policy_version, reason) for d in out.values() for reason in d.reasons)
    certificates = sorted(
        (_certificate(told, stands) for told in found["certificates"]),
        key=lambda c: (not c["in_force"], -c["policy"]),
    )
    settings = context.settings
    return {
        "project": {
            "name": settings.project.name,
            "task": settings.project.task,
            "labels": len(context.schema.names),
            "tiebreak": __version__,
            "at": context.clock().isoformat(timespec="seconds"),
        },
        "promised": [
            {key: c[key] for key in ("mode", "policy", "tier", "sentence", "simulated", "labels")}
            for c in certificates
            if c["in_force"]
        ],
        "nothing": None
        if any(c["in_force"] for c in certificates)
        else _nothing(context, policies, certificates),
        "labels": _labels(found, certificates, out),
        "certificates": certificates,
        "policies": [_bundle(policy) for policy in policies],
        "people": _people(context),
        "prevalence": to_json(label_prevalence(context)),
        "spend": {
            **found["spend"],
            "limit": settings.budget.money,
            "currency": settings.budget.currency,
        },
        **{key: found[key] for key in TAKEN_OVER},
    }


def _certificate(told: Told, stands: Counter[tuple[str, str]]) -> Told:
    """`tiebreak.promise.status.certificate_statuses` and ``out``, the labels that stand by it:
    *stands* counts them by policy and reason.

    More may be out than the ``labels`` that may be, until the next run takes them back.
    """
    stream = told["mode"] == "stream"  # whose labels, once out, stay out
    out = told["labels"] if stream else stands[told["version"], f"tier:{told['tier']}"]
    return {**told, "out": out}


def _labels(found: Told, certificates: Sequence[Told], out: dict[int, Decision]) -> dict[str, int]:
    """Records of the pool by who labelled them.

    ``autonomous`` went out under a certificate that people's audits earned,
    ``autonomous_simulated`` under one that a simulation did; of both, ``stale`` are more than the
    certificates now allow. ``none``: without a label.
    """
    by = found["labelled"]
    played = sum("simulated-audits" in decision.reasons for decision in out.values())
    return {
        "pool": found["pool"],
        "human": by["human"],
        "simulated": by["simulated"],
        "autonomous": len(out) - played,
        "autonomous_simulated": played,
        "unproved": by["unproved"],
        "none": max(found["pool"] - sum(by.values()), 0),
        "stale": sum(max(c["out"] - c["labels"], 0) for c in certificates),
    }


def _nothing(
    context: ProjectContext, policies: Sequence[Policy], certificates: Sequence[Told]
) -> Told:
    """Why nothing is promised now, and what it would take."""
    if policies:
        newest = [c for c in certificates if c["policy"] == policies[-1].number]
        why = [f"{_tier(c)}: {c['why']}" for c in newest if c["why"]]
        takes = [f"{_tier(c)}: {_takes(c)}" for c in newest if c["next"] or c["pending"]]
        return {"why": why, "takes": takes or [_more_labels(context, policies)]}
    ask = current_terms(context)
    if ask is None:
        return {
            "why": ["No error was asked for, so no label is given without a person as proven."],
            "takes": [_first(context, current_terms(context, max_error=USUAL_ERROR))],
        }
    known, first = len(context.pool_state().labelled), ask.labels_first(*_sizes(context))
    reason = (
        f"{known:,} labels are known, and a policy is frozen after {first:,} at the earliest."
        if known < first
        else "No policy is frozen: there are too few records on which agent and model agree, or "
        "nothing was run since the labels came."
    )
    return {"why": [reason], "takes": [_first(context, ask)]}


def _tier(told: Told) -> str:
    return f"Tier {told['tier']}{', what arrives' if told['mode'] == 'stream' else ''}"


def _takes(told: Told) -> str:
    first = f"answer the {told['pending']:,} audits that wait" if told["pending"] else ""
    return "; ".join(filter(None, (first, (told["next"] or {"text": ""})["text"]))) + "."


def _more_labels(context: ProjectContext, policies: Sequence[Policy]) -> str:
    if not len(context.pool_state().unlabelled):
        return "Nothing: every record has its answer, so there is nothing left to promise."
    return (
        f"A further policy, from more labels (the last was frozen at {policies[-1].known:,}, and "
        f"{len(context.pool_state().labelled):,} are known now), or a greater error: "
        "tiebreak run DIR --max-error."
    )


def _first(context: ProjectContext, ask: PromiseTerms | None) -> str:
    assert ask is not None  # an error was given
    pool, names = _sizes(context)
    return (
        f"tiebreak run DIR --max-error {ask.max_error:g} --confidence {ask.confidence:g} learns "
        f"from {ask.labels_first(pool, names):,} labels by people, freezes a policy, and asks "
        f"people for at most about {ask.audits(pool):,} blind audits, to prove "
        f"{percent(ask.max_error)}."
    )


def _sizes(context: ProjectContext) -> tuple[int, int]:
    return len(context.table.pool), len(context.schema.names)


def _bundle(policy: Policy) -> Told:
    """A policy without its secret, from which everybody could tell which records are audited."""
    told = asdict(policy)
    del told["secret"]
    return told


def _people(context: ProjectContext) -> Told | None:
    """What `tiebreak people` tells of all people together; a report is no place for names."""
    report = people_report(context)
    if not report.people:
        return None
    between = report.agreement
    together: Told = to_json(
        {
            "agreement": {
                "records": between.records,
                "alpha": between.alpha,
                "unclear": between.unclear,
            },
            "anchoring": report.anchoring,
            "shared_errors": report.shared_errors,
            "alternative": report.alternative,
        }
    )
    return together
