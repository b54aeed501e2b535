"""What a project can say of itself: the part of `Project` that reads and tells."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiebreak.project import ProjectContext

if TYPE_CHECKING:
    from tiebreak.drift import DriftReport
    from tiebreak.evaluation import (
        LabelIssuesReport,
        LabelPrevalence,
        LoggedMetrics,
        MetricsRow,
        ProjectForecast,
        QueuedLabelIssues,
        Source,
    )
    from tiebreak.loop import RunEstimate, RunOptions
    from tiebreak.report import Report, Status
    from tiebreak.review.quality import ConsensusReport, OpenedChecks, PeopleReport


class Insights:
    """The reading methods of `tiebreak.api.project.Project`, which says how to open one."""

    _context: ProjectContext

    def status(self) -> Status:
        """Counts, accuracies with intervals, curve, forecast, drift, spend, what next."""
        from tiebreak.report import project_status

        return project_status(self._context)

    def report(self, page: str | Path | None = None) -> Report:
        """What is promised and what is known, for who decides and who checks; with *page*, written
        there as a self-contained HTML file, too. `tiebreak.results.to_json` makes it JSON.

        Raises:
            InputError: *page* cannot be written.
        """
        from tiebreak.report import project_report

        report = project_report(self._context)
        if page is not None:
            from tiebreak.files import whole_file
            from tiebreak.report import report_html

            with whole_file(Path(page)) as file:
                file.write(report_html(report).encode())
        return report

    def forecast(self, more: int | None = None) -> ProjectForecast | None:
        """What *more* labels will bring and take, and whether to stop; None before there is a
        control label to tell from.

        *more* None: half as many as there are, in whole batches; never more than are left.
        """
        from tiebreak.evaluation import project_forecast

        return project_forecast(self._context, more)

    def estimate_run(self, options: RunOptions | None = None, **changes: Any) -> RunEstimate:
        """About what `Project.run` with the same arguments will take in time, memory, disk and
        money, until people are needed; buys and writes nothing."""
        from tiebreak.loop import estimate_run

        return estimate_run(self._context, run_options(options, changes))

    def outlook(self, *, batch: int | None = None, prelabel: int | None = 0) -> RunEstimate:
        """Deprecated: the former name of `estimate_run`."""
        _warn_renamed("outlook", "estimate_run")
        return self.estimate_run(batch=batch, prelabel=prelabel)

    def prevalence(self) -> tuple[LabelPrevalence, ...]:
        """The share of each label in the pool, with its interval; empty before a control label."""
        from tiebreak.evaluation import label_prevalence

        return label_prevalence(self._context)

    def metrics(self) -> tuple[MetricsRow, ...]:
        """Every metric by labels, one row a head, oldest first; empty before the first."""
        from tiebreak.evaluation import model_metrics

        return model_metrics(self._context)

    def export_metrics(self, path: str | Path) -> int:
        """Write `metrics` as CSV, JSONL or Parquet, by extension; how many rows.

        Raises:
            UsageError: no head was trained yet.
        """
        from tiebreak.evaluation import write_metrics

        return write_metrics(Path(path), self.metrics())

    def log_metrics(self, where: str) -> LoggedMetrics:
        """Log `metrics` to MLflow, in a folder or at a tracking URI.

        Raises:
            MissingPackage: mlflow is not installed.
        """
        from tiebreak.evaluation import log_to_mlflow

        return log_to_mlflow(where, self.metrics(), project=self._context.settings.project.name)

    def label_issues(self, of: Source = "people", *, limit: int = 100) -> LabelIssuesReport:
        """Labels that are probably wrong, worst first; see
        `tiebreak.evaluation.label_issues.list_label_issues`."""
        from tiebreak.evaluation import list_label_issues

        return list_label_issues(self._context, of, limit=limit)

    def queue_label_issues(
        self, of: Source = "people", *, most: int | None = None
    ) -> QueuedLabelIssues:
        """Put suspect labels into the review queue, blind; *most* None: those that are flagged.
        See `tiebreak.evaluation.label_issues.queue_label_issues`."""
        from tiebreak.evaluation import queue_label_issues

        return queue_label_issues(self._context, of, most=most)

    def doubts(self, of: Source = "people", *, limit: int = 100) -> LabelIssuesReport:
        """Deprecated: the former name of `list_label_issues`."""
        _warn_renamed("doubts", "label_issues")
        return self.label_issues(of, limit=limit)

    def queue_doubts(self, of: Source = "people", *, most: int | None = None) -> QueuedLabelIssues:
        """Deprecated: the former name of `queue_label_issues`."""
        _warn_renamed("queue_doubts", "queue_label_issues")
        return self.queue_label_issues(of, most=most)

    def people(self, *, annotators: str = "skilled") -> PeopleReport:
        """How far people agree, tire, are pulled by the agent, and err as the machine does; see
        `tiebreak.review.quality.report.people_report`."""
        from tiebreak.review.quality import people_report

        return people_report(self._context, annotators=annotators)

    def consensus(self, method: str = "dawid_skene", *, limit: int = 100) -> ConsensusReport:
        """Records whose label is not what all their blind answers together say; see
        `tiebreak.review.quality.consensus.consensus_report`."""
        from tiebreak.review.quality import consensus_report

        return consensus_report(self._context, method, limit=limit)

    def queue_checks(self) -> OpenedChecks:
        """Put the checks of people that are due into the review queue, blind; how many by kind.
        See `tiebreak.review.quality.checks.open_checks`."""
        from tiebreak.review.quality import open_checks

        return open_checks(self._context)

    def drift(self, *, after: int | None = None, window: int | None = None) -> DriftReport:
        """What the drift sensors say of the records that came in after the record *after*.

        With neither argument it is what `status` and a pause go by from then on, and the records
        are those after the project's mark. *window* is the records in a window, 200 by default.

        Raises:
            UsageError: too few records before the mark, or none at all yet.
        """
        from tiebreak.drift import drift_now

        return drift_now(self._context, after=after, window=window)

    def acknowledge_drift(self) -> int:
        """Somebody looked at the drift: all records so far are known ones now, and a pause ends.
        Returns the mark, the id of the last of them."""
        from tiebreak.drift import acknowledge_drift

        return acknowledge_drift(self._context)

    def drift_looked(self) -> int:
        """Deprecated: `acknowledge_drift`."""
        _warn_renamed("drift_looked", "acknowledge_drift")
        return self.acknowledge_drift()


def run_options(options: RunOptions | None, changes: Mapping[str, Any]) -> RunOptions:
    """*options*, or the usual ones, with these fields changed."""
    from tiebreak.loop import RunOptions

    return replace(options or RunOptions(), **changes)


def _warn_renamed(old: str, new: str) -> None:
    warnings.warn(f"{old} is now {new}.", DeprecationWarning, stacklevel=3)
