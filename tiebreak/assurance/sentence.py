"""What is promised, in a sentence, with its numbers; and what is not."""

from __future__ import annotations

from dataclasses import dataclass

from tiebreak.domain.promises import Promise


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A certificate's numbers.

    ``eps``, ``delta``: as the user asked for them (lifetime delta, not a share of it). ``labels``:
    issued without a person; ``audited``, ``wrong``: blind audits and the errors among them;
    ``pending``: audits without an answer, which ``wrong`` includes. ``shared``: upper bound on how
    often the blind person is wrong *and* agrees with the machine; None if nobody adjudicated.
    """

    eps: float
    delta: float
    promise: Promise
    labels: int
    audited: int
    wrong: int
    pending: int = 0
    in_force: bool = True
    shared: float | None = None


def promised(claim: Claim) -> str:
    """The sentence for a file. It is about the procedure, before anyone looked: not a posterior."""
    evidence = _evidence(claim)
    if not claim.in_force or not claim.labels:
        return f"Nothing is promised now. {evidence}"
    which = (
        "of the labels that no person checked"
        if claim.promise == "label"
        else "of all labels of the file, people's counted as right,"
    )
    return (
        f"Before we looked, there was at most a {percent(claim.delta)} chance that this procedure"
        f" would hand you a file in which more than {percent(claim.eps)} {which} differ from what"
        f" a blind person would say. {_labels(claim.labels)} without a person. {evidence}"
        f" {_true_error(claim)}"
    )


def promised_stream(claim: Claim, uncaught: int) -> str:
    """The sentence for a stream: about labels issued so far, none about those to come."""
    state = (
        f"that is at most {percent(claim.eps)} of them"
        if claim.in_force
        else f"that is more than {percent(claim.eps)} of them, so no label goes out as proven"
    )
    return (
        f"At every moment so far, but for a {percent(claim.delta)} chance over the whole life of"
        f" the stream: of {claim.labels:,} labels issued without a person at most {uncaught:,}"
        f" differ from what a blind person would say; {state}. {_evidence(claim)}"
        f" {_true_error(claim)} About labels not yet issued nothing is promised."
    )


def percent(share: float) -> str:
    """.05 as '5 %', .0333.. as '3.33 %'."""
    return f"{100 * share:.3g} %"


def _labels(count: int) -> str:
    return "1 label was given" if count == 1 else f"{count:,} labels were given"


def _evidence(claim: Claim) -> str:
    audits = f"{claim.audited:,} blind audit{'' if claim.audited == 1 else 's'}"
    pending = f", {claim.pending:,} of them not answered yet" if claim.pending else ""
    return f"Evidence: {audits}, {claim.wrong:,} counted as wrong{pending}."


def _true_error(claim: Claim) -> str:
    """The second part stands beside the first; it never lowers it, also where it is 0 (test 14)."""
    if claim.shared is None:
        return (
            "How often the blind person and the machine are wrong in the same way was not measured,"
            " and would come on top."
        )
    return (
        f"On top of that come at most {percent(claim.shared)} where the blind person is wrong and"
        " agrees with the machine, by adjudicated agreements."
    )
