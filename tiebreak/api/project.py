"""`Project`: a project opened for work; composes the steps for Python, the CLI and the app."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tiebreak import config
from tiebreak.api.insights import Insights, run_options
from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.domain.ports import Clock, Progress
from tiebreak.domain.records import NewRecord
from tiebreak.domain.reviews import Annotation, Outcome
from tiebreak.errors import UsageError
from tiebreak.project import (
    LABELS,
    ProjectContext,
    QuietProgress,
    create_project,
    read_labels,
    utc_now,
    wiring,
)
from tiebreak.review import Card, build_cards

if TYPE_CHECKING:
    from tiebreak.files import ImportOptions, ImportSummary
    from tiebreak.loop import IntegrityProblem, RunOptions
    from tiebreak.report import RunResult

LEASE_SECONDS = 900.0


class Project(Insights):
    """A Tiebreak project.

    Use as a context manager; closing it stops the embedded agent, if that was started:

        with Project.create("my-project", labels=["bug", "feature"]) as project:
            project.add(["It crashes on start", "Please add dark mode"])
            for card in project.next_batch(who="ada"):
                project.annotate(card.record.id, "bug", who="ada")
            project.run()
            project.export("labels.csv")
    """

    def __init__(self, context: ProjectContext) -> None:
        self._context = context

    # -- opening and closing

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        labels: Sequence[str] | LabelSchema,
        task: str | None = None,
        agent: str = "embedded",
        embedder: str = config.EmbedderPart().name,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        clock: Clock = utc_now,
    ) -> Project:
        """Make a project in *folder* and open it.

        ``settings`` are further keys of ``tiebreak.toml`` by table, as in
        ``{"select": {"strategy": "entropy"}}``; see ``docs/configuration.md``.

        Raises:
            ConfigError: the folder is a project already; a setting unknown or out of range.
            LabelError: fewer than two labels, or one twice.
        """
        if not isinstance(labels, LabelSchema):
            labels = LabelSchema(labels=tuple(Label(name=name) for name in labels))
        create_project(
            Path(folder), labels, task=task, agent=agent, embedder=embedder, settings=settings
        )
        return cls.open(folder, clock=clock)

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        agent: str | None = None,
        progress: Progress | None = None,
        clock: Clock = utc_now,
    ) -> Project:
        """Open the project in *folder*; ``agent`` overrides the settings' for this opening.

        ``labels.yaml`` is read again: a changed file becomes the schema's next version.
        """
        path = wiring.project_folder(Path(folder))
        settings = config.load(path)
        schema = read_labels(path / LABELS)
        store = wiring.open_store(path, settings, clock)
        try:
            store.notes.put_schema(schema)
        except BaseException:
            store.close()
            raise
        return cls(
            ProjectContext(
                folder=path,
                settings=settings,
                store=store,
                clock=clock,
                progress=progress or QuietProgress(),
                agent_name=agent,
            )
        )

    def close(self) -> None:
        """Stop the embedded agent, if it was started, and close the store."""
        self._context.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- the parts that the command line and the app need

    @property
    def context(self) -> ProjectContext:
        """The open parts, for steps that are no methods here."""
        return self._context

    @property
    def schema(self) -> LabelSchema:
        """The label schema in force."""
        return self._context.schema

    # -- records

    def add(
        self, items: Iterable[str | Mapping[str, Any]], *, source: str = "api"
    ) -> dict[str, int]:
        """Add records: texts, or mappings with ``text`` and optionally ``id``, ``metadata``.

        Idempotent: a text without an id takes its content hash for one. Returns counts
        ``inserted``, ``existing``, ``changed`` (same id, other text: kept as it was).
        """
        from tiebreak.files import new_record

        rows: list[NewRecord] = [new_record(item, source) for item in items]
        with wiring.project_lock(self._context.folder):
            added = self._context.store.records.add(rows)
        self._context.forget()
        return {
            "inserted": len(added.inserted),
            "existing": added.existing,
            "changed": len(added.changed),
        }

    def import_file(
        self, path: str | Path, options: ImportOptions | None = None, **changes: Any
    ) -> ImportSummary:
        """Import a file of records: `tiebreak.loop.ingest.import_file`.

        ``changes`` are fields of `ImportOptions`, as in ``import_file(path, labels_are="gold")``.
        """
        from tiebreak.files import ImportOptions
        from tiebreak.loop import import_file

        options = replace(options or ImportOptions(), **changes)
        with wiring.project_lock(self._context.folder):
            summary = import_file(self._context, Path(path), options)
        self._context.forget()
        return summary

    # -- people

    def next_batch(self, n: int = 20, *, who: str, seconds: float = LEASE_SECONDS) -> list[Card]:
        """Lease up to *n* queued records for *who* and return their review cards, best first.

        Run the loop first: it fills the queue. Records are held for *seconds*, so that two people
        never get the same one. Blind cards carry no machine's answer.
        """
        tasks = self._context.store.queue.lease(who, n, seconds=seconds)
        return build_cards(self._context, tasks)

    def annotate(
        self,
        record: int | str,
        label: str | Collection[str] | None = None,
        *,
        who: str,
        outcome: Outcome = "label",
        seconds: float | None = None,
        shown: str = "",
        suggestion: int | None = None,
        model_version: int | None = None,
        note: str = "",
        key: str | None = None,
        simulated: bool = False,
    ) -> Annotation | None:
        """Write a person's answer about a record (by id, or external id); None if *key* is known.

        In a multi-label project *label* is a collection of names, maybe empty, or one name.

        ``shown`` is ``blind`` or ``evidence``; ``suggestion`` (its seq) and ``model_version`` name
        the machine's answers that were on screen. ``simulated`` marks what no person said (a lookup
        in a trial, say): it trains as a person's answer does, and never replaces one.

        Raises:
            LabelError: not a label of the schema.
            UsageError: no such record, several of that external id, a held-out one, or an undo of
                what *who* did not do.
        """
        from tiebreak.review import write_annotations

        act = Annotation(
            record_id=self._record_id(record),
            who=who,
            source="simulated" if simulated else "person",
            outcome=outcome,
            labels=(label,) if isinstance(label, str) else None if label is None else tuple(label),
            seconds=seconds,
            shown=shown,
            suggestion=suggestion,
            model_version=model_version,
            note=note,
            key=key,
        )
        written = write_annotations(self._context.store, self.schema, [act])
        return written[0] if written else None

    def _record_id(self, record: int | str) -> int:
        if isinstance(record, int):
            return record
        ids = self._context.store.records.lookup(record)
        if len(ids) != 1:
            raise UsageError(
                f"{len(ids)} records have the id {record!r}.",
                mend="Give the store's own number (Record.id), an int." if ids else "",
            )
        return ids[0]

    # -- the loop and what comes out of it

    def run(self, options: RunOptions | None = None, **changes: Any) -> RunResult:
        """Run the loop until people are needed (or as far as the options say).

        ``changes`` are fields of `RunOptions`, as in ``run(batch=20, max_error=0.05)``. With
        ``max_error`` (or ``promise.max_error`` in the settings) it goes on until every record is
        labelled by a person or under a certificate in force; see ``docs/guides/the-promise.md``.

        Raises:
            StoreBusy: another run or import holds the project.
            LLMError: the agent's server is down or refuses; what was done is kept.
        """
        from tiebreak.loop import run_loop
        from tiebreak.report import run_result

        with wiring.project_lock(self._context.folder):
            run = run_loop(self._context, run_options(options, changes))
        return run_result(run)

    def predict(self, texts: Sequence[str], *, top: int = 3) -> Iterator[Any]:
        """Calibrated predictions for texts that are no records; nothing is stored."""
        from tiebreak.models import predict_texts

        return predict_texts(self._context, texts, top=top)

    def export(
        self, path: str | Path, *, format: str | None = None, only_labelled: bool = False
    ) -> dict[str, int]:
        """Write CSV, JSONL or Parquet (by extension) with provenance; counts by who decided."""
        from tiebreak.loop import export_labels

        return export_labels(self._context, Path(path), format=format, only_labelled=only_labelled)

    def verify(self) -> list[IntegrityProblem]:
        """What does not match when it is derived again; empty for a clean project."""
        from tiebreak.loop import verify_project

        return verify_project(self._context)

    def hash(self) -> str:
        """One hash over records, suggestions, annotations, decisions, batches; no clocks."""
        from tiebreak.loop import project_hash

        return project_hash(self._context)
