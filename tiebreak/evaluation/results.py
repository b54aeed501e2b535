"""What is said of labels: the results of `label_issues` and `queue_label_issues`.

`tiebreak.results.to_json` makes documents of them; the fields are the keys, in this order.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SuspectLabel:
    """A label that was judged by a classifier that did not learn from it.

    Attributes:
        record_id: the record, by its id in the project.
        id: its external id, as it was imported.
        given: the label that it has.
        better: the judge's best label.
        quality: the judge's probability of ``given``, in [0, 1]; lower is worse.
        confidence: the judge's probability of ``better``.
        flagged: whether confident learning holds the label to be wrong.
        control: whether the record is of the control arm.
        excerpt: the first 200 characters of the text.
    """

    record_id: int
    id: str
    given: str
    better: str
    quality: float
    confidence: float
    flagged: bool
    control: bool
    excerpt: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelIssuesReport:
    """A source's labels that are probably wrong.

    Attributes:
        source: whose labels: people, agent or model.
        judged: how many labels were judged.
        unjudged: how many have a label with too few rows to tell.
        flagged: how many confident learning holds to be wrong.
        suspects: the judged labels, worst first, as many as were asked for.
    """

    source: str
    judged: int
    unjudged: int
    flagged: int
    suspects: tuple[SuspectLabel, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelIssuesLeftOut:
    """Suspect labels that got no review task, by why; a record may count more than once.

    Attributes:
        control: of the control arm.
        queued: they wait in the queue already.
        looked_at: they were answered anew before.
        answered: people answered them, and their label counts (for agent and model).
    """

    control: int
    queued: int
    looked_at: int
    answered: int


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuedLabelIssues:
    """Review tasks that were opened for labels that are probably wrong.

    Attributes:
        source: whose labels: people, agent or model.
        opened: how many tasks were opened.
        left_out: suspect labels that got none.
    """

    source: str
    opened: int
    left_out: LabelIssuesLeftOut
