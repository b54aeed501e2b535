"""What is said of people: the results of `people_report`, `consensus_report` and `open_checks`.

`tiebreak.results.to_json` makes documents of them; the fields are the keys, in this order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tiebreak.annotators import (
    AlternativeAnnotatorTest,
    Anchoring,
    Fatigue,
    Interval,
    SharedErrors,
    UnclearLabel,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonReport:
    """One person's answers.

    Attributes:
        who: the person's name.
        answers: how many records the person decided: a label, or none of these.
        blind: answers among them that were given without seeing a machine's.
        skipped: cards that the person skipped.
        flagged: cards that the person flagged.
        gold: share of right answers, on records whose label at least two others gave blind and
            nobody else contradicted; None without such a record.
        repeats: share of the same answer as a day or more before; None without a repeat.
        median_seconds: median time of an act, in seconds; None where none was timed.
        fatigue: signs that the person should pause.
    """

    who: str
    answers: int
    blind: int
    skipped: int
    flagged: int
    gold: Interval | None
    repeats: Interval | None
    median_seconds: float | None
    fatigue: Fatigue


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelAgreement:
    """How far people agree on one label against the rest.

    Attributes:
        label: its name.
        alpha: Krippendorff's alpha; None where it is not defined.
        records: records with several blind answers of which one has the label.
    """

    label: str
    alpha: float | None
    records: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PairAgreement:
    """How far two people agree on the records that both answered blind.

    Attributes:
        first: one person's name.
        second: the other's.
        agreed: share of equal answers.
        kappa: Cohen's kappa; None where it is not defined.
    """

    first: str
    second: str
    agreed: Interval | None
    kappa: Interval | None


@dataclass(frozen=True, kw_only=True, slots=True)
class WeekAgreement:
    """How far people agree on the records that got their last answer in one week.

    Attributes:
        week: the ISO week, such as ``2026-W01``.
        alpha: Krippendorff's alpha; None where it is not defined.
        records: records of the week with several blind answers.
    """

    week: str
    alpha: float | None
    records: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """How far people agree, over the records that two or more answered blind.

    Attributes:
        records: how many such records there are.
        alpha: Krippendorff's alpha; None where it is not defined.
        labels: each label that anybody gave against the rest, in the schema's order.
        pairs: each two people who share a record, by name.
        unclear: labels that people do not tell apart, worst first.
        weeks: alpha week by week, oldest first.
    """

    records: int
    alpha: Interval | None
    labels: tuple[LabelAgreement, ...]
    pairs: tuple[PairAgreement, ...]
    unclear: tuple[UnclearLabel, ...]
    weeks: tuple[WeekAgreement, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PeopleReport:
    """Everything that the log tells of people. Intervals are at 95 %.

    Attributes:
        people: each person, by name.
        agreement: between people, over records that several answered blind.
        anchoring: how far a shown suggestion pulls people towards the agent.
        shared_errors: how often people are wrong and agree with the machine; None before an audit
            was adjudicated.
        alternative: whether the agent may replace a person; None with under three people who share
            30 records.
        left_out: acts of no person, which are not measured, by source.
    """

    people: tuple[PersonReport, ...]
    agreement: Agreement
    anchoring: Anchoring
    shared_errors: SharedErrors | None
    alternative: AlternativeAnnotatorTest | None
    left_out: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsensusDifference:
    """A record whose label in force is not what all its blind answers together say.

    Attributes:
        record_id: the record, by its id in the project.
        id: its external id, as it was imported.
        in_force: the label in force.
        consensus: the label that the method makes of the answers.
        confidence: how sure the method is of it, in [0, 1].
        answers: who gave which label, blind.
    """

    record_id: int
    id: str
    in_force: str
    consensus: str
    confidence: float
    answers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsensusReport:
    """What several people's blind answers come to.

    Attributes:
        method: majority, dawid_skene or crowdlab.
        records: how many records two persons or more labelled blind.
        people: each person's accuracy in [0, 1], as the method sees it.
        differ: records whose label in force is another, the surest first.
    """

    method: str
    records: int
    people: Mapping[str, float]
    differ: tuple[ConsensusDifference, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedChecks:
    """How many tasks that measure people were put into the review queue, by kind.

    Attributes:
        adjudicate: second blind answers to audits, for the rate of shared errors.
        second: second answers to records that one person alone answered.
        repeat: records to answer anew, a day or more after their answer.
        gold: records whose label others agree on.
    """

    adjudicate: int
    second: int
    repeat: int
    gold: int
