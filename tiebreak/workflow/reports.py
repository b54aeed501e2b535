"""What a project can say of itself: the part of `Project` that reads and tells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiebreak.workflow.bench import Bench

if TYPE_CHECKING:
    from tiebreak.workflow.label_errors import Source


class Reports:
    """The reading methods of `tiebreak.workflow.project.Project`, which says how to open one."""

    _bench: Bench

    def status(self) -> dict[str, Any]:
        """Counts, accuracies with intervals, curve, forecast, drift, spend, what next; see
        ``docs/status.md``."""
        from tiebreak.workflow.status import status

        return status(self._bench)

    def report(self, page: str | Path | None = None) -> dict[str, Any]:
        """What is promised and what is known, for who decides and who checks; with *page*, written
        there as a self-contained HTML file, too. See `tiebreak.workflow.report.data.report`.

        Raises:
            InputError: *page* cannot be written.
        """
        from tiebreak.workflow.report.data import report

        told = report(self._bench)
        if page is not None:
            from tiebreak.workflow.files.write import whole
            from tiebreak.workflow.report.html import page as written

            with whole(Path(page)) as file:
                file.write(written(told).encode())
        return told

    def forecast(self, more: int | None = None) -> dict[str, Any] | None:
        """What *more* labels will bring and take, and whether to stop; None before there is a
        control label to tell from. See `tiebreak.workflow.forecast.forecast`."""
        from tiebreak.workflow.forecast import forecast

        return forecast(self._bench, more)

    def outlook(self, *, batch: int | None = None, prelabel: int | None = 0) -> dict[str, Any]:
        """About what the next `Project.run` will take in time, memory, disk and money; buys and
        writes nothing. See `tiebreak.workflow.outlook.outlook`."""
        from tiebreak.workflow.outlook import outlook

        return outlook(self._bench, batch=batch, prelabel=prelabel)

    def prevalence(self) -> list[dict[str, Any]]:
        """The share of each label in the pool, with its interval; empty before a control label.
        See `tiebreak.workflow.prevalence.prevalence`."""
        from tiebreak.workflow.prevalence import prevalence

        return prevalence(self._bench)

    def metrics(self) -> list[dict[str, Any]]:
        """Every metric by labels, one row a head; see `tiebreak.workflow.metrics.metrics`."""
        from tiebreak.workflow.metrics import metrics

        return metrics(self._bench)

    def export_metrics(self, path: str | Path) -> int:
        """Write `metrics` as CSV, JSONL or Parquet, by extension; how many rows."""
        from tiebreak.workflow.tracking import write_table

        return write_table(Path(path), self.metrics())

    def log_metrics(self, where: str) -> dict[str, Any]:
        """Log `metrics` to MLflow, in a folder or at a tracking URI.

        Raises:
            MissingPackage: mlflow is not installed.
        """
        from tiebreak.workflow.tracking import log_to_mlflow

        return log_to_mlflow(where, self.metrics(), project=self._bench.settings.project.name)

    def doubts(self, of: Source = "people", *, limit: int = 100) -> dict[str, Any]:
        """Labels that are probably wrong, worst first; see
        `tiebreak.workflow.label_errors.doubtful`."""
        from tiebreak.workflow.label_errors import doubtful

        return doubtful(self._bench, of, limit=limit)

    def queue_doubts(self, of: Source = "people", *, most: int | None = None) -> dict[str, Any]:
        """Put doubtful labels into the review queue, blind; *most* None: those that are flagged.
        See `tiebreak.workflow.label_errors.open_relabel_tasks`."""
        from tiebreak.workflow.label_errors import open_relabel_tasks

        return open_relabel_tasks(self._bench, of, most=most)

    def people(self, *, annotators: str = "skilled") -> dict[str, Any]:
        """How far people agree, tire, are pulled by the agent, and err as the machine does; see
        `tiebreak.workflow.people_report.people_report`."""
        from tiebreak.workflow.people_report import people_report

        return people_report(self._bench, annotators=annotators)

    def consensus(self, method: str = "dawid_skene", *, limit: int = 100) -> dict[str, Any]:
        """Records whose label is not what all their blind answers together say; see
        `tiebreak.workflow.consensus.consensus_report`."""
        from tiebreak.workflow.consensus import consensus_report

        return consensus_report(self._bench, method, limit=limit)

    def queue_checks(self) -> dict[str, Any]:
        """Put the checks of people that are due into the review queue, blind; how many by kind.
        See `tiebreak.workflow.people_checks.open_checks`."""
        from tiebreak.workflow.people_checks import open_checks

        return open_checks(self._bench)

    def drift(self, *, after: int | None = None, window: int | None = None) -> dict[str, Any]:
        """What the drift sensors say of the records that came in after *after*.

        With neither argument it is what `status` and a pause go by from then on, and the records
        are those after the project's mark. See `tiebreak.workflow.drift.drift_report`.

        Raises:
            UsageError: too few records before the mark, or none at all yet.
        """
        from tiebreak.workflow.watch import look

        return look(self._bench, after=after, window=window)

    def drift_looked(self) -> int:
        """Somebody looked at the drift: all records so far are known ones now, and a pause ends.
        Returns the mark, the id of the last of them."""
        from tiebreak.workflow.watch import looked

        return looked(self._bench)
