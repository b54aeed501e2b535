"""What is known of a project, typed. The fields are the keys of the JSON documents.

An accuracy is a `tiebreak.domain.evidence.Estimate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tiebreak.domain.evidence import Estimate
from tiebreak.learner.estimation import Point
from tiebreak.results import json_key, json_prefix


@dataclass(frozen=True, kw_only=True, slots=True)
class LearningCurvePoint:
    """The model's accuracy by labels, from some batches that follow each other.

    Attributes:
        labels: the mean count of labels that the batches' heads had learnt from.
        least: the least such count.
        most: the most.
        accuracy: of records drawn at random, with the model's expectations as a control variate,
            or agent and model's together where the agent had answered the pool before the draw.
        plain: the bare share of the same records.
        selected: the naive figure: of the records that were selected. Not of anybody's data.
    """

    labels: int
    least: int = field(metadata=json_key("from"))
    most: int = field(metadata=json_key("to"))
    accuracy: Estimate
    plain: Estimate
    selected: Estimate | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StopAdvice:
    """Whether to stop selecting; it stops nothing.

    Attributes:
        stop: the head has settled, and the next batch does not pay.
        settled: successive heads agree.
        kappas: Cohen's kappa of each of the last heads with the one before, oldest first.
        saves: records that people need not look at because of the next batch; None: cannot be told.
        costs: labels of the next batch; None likewise.
        why: a sentence.
    """

    stop: bool
    settled: bool
    kappas: tuple[float, ...]
    saves: float | None
    costs: float | None
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectForecast:
    """What more labels will bring and take. Figures are None where they cannot be told.

    Attributes:
        points: of the control arm, by labels.
        labels: how many more labels.
        accuracy: the model's accuracy then.
        low: the lower end of its 95 % interval.
        high: the upper end.
        minutes: of people's time for these labels.
        money: for these labels, in ``currency``.
        currency: as the settings have it.
        text: the forecast in a line, or why there is none.
        stop: whether to stop; None before there are two heads that can be read.
    """

    points: tuple[Point, ...]
    labels: int
    accuracy: float | None
    low: float | None
    high: float | None
    minutes: float | None
    money: float | None
    currency: str
    text: str
    stop: StopAdvice | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelPrevalence:
    """The share of a label in the pool.

    Attributes:
        label: its name.
        share: of the pool, in [0, 1]. Of records drawn at random, with the model's probabilities
            for the pool as a control variate and the labels that were known before.
        low: the lower end of its 95 % interval.
        high: the upper end.
        n: the records drawn at random that it rests on.
        plain: the bare share among those alone.
    """

    label: str
    share: float
    low: float
    high: float
    n: int
    plain: float


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricsAccuracy:
    """An accuracy in a row of metrics, with its 95 % interval and the ``n`` records that it rests
    on; None where no label can tell."""

    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricsRow:
    """Every metric of one head; a row of the table.

    Attributes:
        head: its version.
        round: the batch that it was trained after.
        at: when, in ISO 8601.
        labels: labels that it learnt from.
        labels_human: of them, people's.
        labels_simulated: of them, simulated ones.
        control: of the control records that this head scored before their label.
        control_so_far: of those of all heads up to it.
        naive: of the selected records that this head scored. Not of anybody's data.
        agent: the agent's, on all control records up to ``at``.
        kappa: agreement with the head before, on fixed records; None where one cannot be read.
        spend: money for all answers of agents up to ``at``.
        seconds_a_label: the median of people's, for the labels that this head learnt from and the
            one before did not.
        labels_an_hour: by the clock, pauses included, from the first such label to the last.
        queue: tasks that waited at ``at``, by reason; those cancelled since are left out.
        classes_seen: labels of the schema that people had given by ``at``.
        counts: labels in force by people at ``at``, by name.
    """

    head: int
    round: int
    at: str
    labels: int
    labels_human: int
    labels_simulated: int
    control: MetricsAccuracy = field(metadata=json_prefix("control_"))
    control_so_far: MetricsAccuracy = field(metadata=json_prefix("control_so_far_"))
    naive: MetricsAccuracy = field(metadata=json_prefix("naive_"))
    agent: MetricsAccuracy = field(metadata=json_prefix("agent_"))
    kappa: float | None
    spend: float
    seconds_a_label: float | None
    labels_an_hour: float | None
    queue: Mapping[str, int] = field(metadata=json_prefix("queue_"))
    classes_seen: int
    counts: Mapping[str, int] = field(metadata=json_prefix("count: "))


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedMetrics:
    """What was logged to MLflow: the tracking store's ``uri``, the ``run``'s id, and how many
    values."""

    uri: str
    experiment: str
    run: str
    metrics: int


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
