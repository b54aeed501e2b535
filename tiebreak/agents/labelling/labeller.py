"""The labelling agent: a model, a prompt and a schema turn records into suggestions.

Two modes. ``score`` asks for one letter and reads its likelihood: cheap, with a confidence, its
rationale cites the examples shown. ``generate`` asks for JSON with a label and a rationale in the
model's own words, without a confidence. An answer that is not exactly a label is an abstention
with a reason, never a guess. Where any number of labels may apply the mode is always ``generate``:
one letter cannot say a set.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, Literal

from tiebreak.agents.calling.calls import Failure, Reply, call_all, request_hash
from tiebreak.agents.calling.money import charge
from tiebreak.agents.labelling import codes
from tiebreak.agents.labelling.composing import Composer, LabelTask, Mode, Prepared
from tiebreak.agents.labelling.parsing import MAX_RATIONALE, read_answer, shorten
from tiebreak.config import AgentPart, Price
from tiebreak.domain.evidence import Neighbour, Suggestion, Usage
from tiebreak.domain.labels import LabelSchema, LabelValue
from tiebreak.domain.ports import Completion, LabelModel, Ledger
from tiebreak.errors import ConfigError, LLMRejected, LLMUnavailable

__all__ = ["LabelTask", "Labeller"]

MAX_NAMED = 20
"""Labels of one record that an answer has room for."""
CITED = 70
"""Characters of an example's text that a rationale quotes."""


class Labeller:
    """Asks a `LabelModel` for labels.

    Args:
        model: the language model.
        schema: the labels; their order, definitions and guidelines go into the static prefix.
        task: what the labels are for, one sentence or more.
        settings: mode, prompt, limits.
        seed: fixes markers and the order of codes.
    """

    def __init__(
        self, model: LabelModel, schema: LabelSchema, *, task: str, settings: AgentPart, seed: int
    ) -> None:
        self._model = model
        self._schema = schema
        self._configured_mode = _mode(schema, settings)
        self._concurrency = settings.concurrency
        self._has_scores = model.max_top_logprobs > 0
        self._has_answered = False
        longest = _longest_answer(schema)
        self._composer = Composer(
            schema=schema,
            task=task,
            prompt=settings.prompt,
            seed=seed,
            context_tokens=model.context_tokens or settings.context_tokens,
            top_logprobs=min(model.max_top_logprobs, settings.top_logprobs),
            answer_tokens=settings.max_rationale_tokens + longest + 32,
            demonstrations=_demonstrations(model, settings),
        )

    @property
    def mode(self) -> Mode:
        """The mode in use. ``auto`` is score until the server is seen to give no logprobs."""
        if self._configured_mode != "auto":
            return self._configured_mode
        return "score" if self._has_scores else "generate"

    def prepare(self, task: LabelTask) -> Prepared:
        """The request that would be sent for *task*, fitted to the context.

        In score mode a task without shortlist and examples, under more labels than the server
        gives log-probabilities for, is generated instead.
        """
        mode = self.mode
        if mode == "score" and not self._composer.can_score(task):
            mode = "generate"
        return self._composer.compose(task, mode)

    def label(
        self,
        tasks: Iterable[LabelTask],
        ledger: Ledger,
        *,
        limit_nanos: int | None = None,
        concurrency: int | None = None,
        price: Price | None = None,
    ) -> Generator[Suggestion | Failure]:
        """Label records; suggestions (seq 0) come as they arrive, not in the order asked.

        Raises: as `tiebreak.agents.calling.calls.call_all`; also `ConfigError` when mode score was
        asked of a server that gives no log-probabilities.
        """
        todo = iter(tasks)
        again: deque[LabelTask] = deque()

        def source() -> Iterator[Prepared]:
            while (task := again.popleft() if again else next(todo, None)) is not None:
                yield self.prepare(task)

        calls = call_all(
            self._model,
            source(),
            ledger,
            limit_nanos=limit_nanos,
            concurrency=concurrency or self._concurrency,
            price=price,
        )
        with closing(calls):
            for reply in calls:
                if not self._has_answered and self._must_generate(reply):
                    again.append(reply.prepared.task)
                else:
                    yield self._read(reply, price)

    def probe(self, task: LabelTask) -> Suggestion:
        """One answer, bought outside any ledger: for ``tiebreak doctor``.

        Raises:
            LLMError: the server did not answer.
        """
        prepared = self.prepare(task)
        reply = Reply(
            prepared,
            request_hash(self._model.id, prepared.request),
            self._model.complete(prepared.request),
        )
        if self._must_generate(reply):
            return self.probe(task)
        suggestion = self._read(reply, None)
        assert isinstance(suggestion, Suggestion)
        return suggestion

    # -- reading

    def _must_generate(self, reply: Reply) -> bool:
        """Whether the first reply shows that the server gives no log-probabilities."""
        outcome = reply.outcome
        if not isinstance(outcome, Completion):
            return False
        self._has_answered = True
        if reply.prepared.mode == "generate" or outcome.top or not outcome.text or outcome.refusal:
            return False
        if self._configured_mode == "score":
            raise ConfigError(
                f"The server of {self._model.id!r} gives no log-probabilities.",
                mend='Set mode = "generate" under [agent] in tiebreak.toml.',
            )
        self._has_scores = False
        return True

    def _read(self, reply: Reply, price: Price | None) -> Suggestion | Failure:
        prepared, outcome = reply.prepared, reply.outcome
        if isinstance(outcome, LLMUnavailable):
            return Failure(prepared.task.record_id, str(outcome))
        if isinstance(outcome, LLMRejected):
            return self._suggestion(reply, abstain="rejected")
        paid = charge(prepared.request, outcome, price)
        if outcome.refusal:
            return self._suggestion(reply, outcome, paid, abstain="refused")
        if prepared.mode == "generate":
            return self._read_generated(reply, outcome, paid)
        return self._read_scored(reply, outcome, paid)

    def _read_scored(self, reply: Reply, completion: Completion, paid: int) -> Suggestion:
        prepared = reply.prepared
        best = codes.score(completion.top or (), prepared.codes)
        if best is None:
            reason = "no-code" if completion.top else "no-logprobs" if completion.text else "empty"
            return self._suggestion(reply, completion, paid, abstain=reason)
        cited = _cite(prepared.shown, best.label)
        return self._suggestion(
            reply,
            completion,
            paid,
            labels=(best.label,),
            confidence=best.confidence,
            rationale=cited,
            rationale_by="neighbours" if cited else "none",
        )

    def _read_generated(self, reply: Reply, completion: Completion, paid: int) -> Suggestion:
        answer = read_answer(
            completion.text,
            self._schema.names,
            multiple=self._schema.multiple,
            finish=completion.finish,
            secrets=reply.prepared.secrets,
        )
        return self._suggestion(
            reply,
            completion,
            paid,
            labels=answer.labels,
            abstain=answer.abstain,
            rationale=answer.rationale,
            rationale_by="model" if answer.rationale else "none",
        )

    def _suggestion(
        self,
        reply: Reply,
        completion: Completion | None = None,
        paid: int = 0,
        *,
        labels: LabelValue | None = None,
        **parts: Any,
    ) -> Suggestion:
        """Cost and tokens are those of the reply, whether it was bought now or recalled."""
        prepared = reply.prepared
        return Suggestion(
            record_id=prepared.task.record_id,
            purpose=prepared.task.purpose,
            agent=self._model.id,
            mode=prepared.mode,
            prompt=prepared.prompt,
            request_hash=reply.request_hash,
            schema_version=self._schema.version,
            labels=labels,
            neighbours=tuple(n.record_id for n in prepared.shown),
            cut=prepared.cut,
            usage=completion.usage if completion else Usage(),
            cost_nanos=paid,
            **parts,
        )


def _mode(schema: LabelSchema, settings: AgentPart) -> Literal["auto", "score", "generate"]:
    if not schema.multiple:
        return settings.mode
    if settings.mode == "score":
        raise ConfigError(
            "agent.mode = 'score' asks for one label, and in this project any number may apply.",
            mend='Set mode = "generate" under [agent] in tiebreak.toml, or leave it out.',
        )
    return "generate"


def _longest_answer(schema: LabelSchema) -> int:
    """Tokens that the longest answer may take beside the rationale: bytes of its names."""
    sizes = sorted((len(name.encode()) for name in schema.names), reverse=True)
    return sum(sizes[:MAX_NAMED]) + 4 * MAX_NAMED if schema.multiple else sizes[0]


def _demonstrations(model: LabelModel, settings: AgentPart) -> int:
    """How many examples to show: as set, else what the model is known to do best with, if less."""
    if "demonstrations" in settings.model_fields_set:
        return settings.demonstrations
    usual: int = getattr(model, "usual_demonstrations", settings.demonstrations)
    return min(usual, settings.demonstrations)


def _cite(shown: Sequence[Neighbour], label: str) -> str:
    """The most similar example with this label, and the most similar of all if that is another."""
    if not shown:
        return ""
    alike = [n for n in shown if n.labels[0] == label]
    cited = list(dict.fromkeys([*alike[-1:], shown[-1]]))
    parts = [
        f"'{shorten(n.text, CITED)}' (label {n.labels[0]}, "
        f"similarity {f'{n.similarity:.2f}'.removeprefix('0')})"
        for n in cited
    ]
    return shorten("Most like: " + "; ".join(parts), MAX_RATIONALE)
