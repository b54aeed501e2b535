"""The labelling agent: a model, a prompt and a schema turn records into suggestions.

Two modes. ``score`` asks for one letter and reads its likelihood: cheap, with a confidence, its
rationale cites the examples shown. ``generate`` asks for JSON with a label and a rationale in the
model's own words, without a confidence. An answer that is not exactly a label is an abstention
with a reason, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from tiebreak.agents import codes
from tiebreak.agents.calling import Failure, Reply, call_all, request_hash
from tiebreak.agents.composing import Composer, LabelTask, Mode, Prepared
from tiebreak.agents.money import charge
from tiebreak.agents.parsing import LONGEST_RATIONALE, read_answer, shorten
from tiebreak.config import AgentPart, Price
from tiebreak.domain.evidence import Neighbour, Suggestion
from tiebreak.domain.labels import LabelSchema
from tiebreak.domain.ports import Completion, LabelModel, Ledger
from tiebreak.errors import ConfigError, LLMRejected, LLMUnavailable

__all__ = ["LabelTask", "Labeller"]

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
        self._wanted = settings.mode
        self._concurrency = settings.concurrency
        self._has_scores = model.max_top_logprobs > 0
        self._has_answered = False
        longest = max(len(name.encode()) for name in schema.names)
        self._composer = Composer(
            schema=schema,
            task=task,
            prompt=settings.prompt,
            seed=seed,
            context_tokens=model.context_tokens or settings.context_tokens,
            top_logprobs=min(model.max_top_logprobs, settings.top_logprobs),
            answer_tokens=settings.max_rationale_tokens + longest + 32,
            demonstrations=settings.demonstrations,
        )

    @property
    def mode(self) -> Mode:
        """The mode in use. ``auto`` is score until the server is seen to give no logprobs."""
        if self._wanted != "auto":
            return self._wanted
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
    ) -> Iterator[Suggestion | Failure]:
        """Label records; suggestions (seq 0) come as they arrive, not in the order asked.

        Raises: as `tiebreak.agents.calling.call_all`; also `ConfigError` when mode score was
        asked of a server that gives no log-probabilities.
        """
        todo = iter(tasks)
        width = concurrency or self._concurrency

        def ask(some: Iterable[LabelTask]) -> Iterator[Reply]:
            return call_all(
                self._model,
                map(self.prepare, some),
                ledger,
                limit_nanos=limit_nanos,
                concurrency=width,
                price=price,
            )

        while not self._has_answered and (first := next(todo, None)) is not None:
            for reply in ask([first]):
                if self._must_generate(reply):
                    todo = chain([first], todo)
                else:
                    yield self._read(reply, price)
        for reply in ask(todo):
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
        said = self._read(reply, None)
        assert isinstance(said, Suggestion)
        return said

    # -- reading

    def _must_generate(self, reply: Reply) -> bool:
        """Whether the first reply shows that the server gives no log-probabilities."""
        said = reply.outcome
        if not isinstance(said, Completion):
            return False
        self._has_answered = True
        if reply.prepared.mode == "generate" or said.top or not said.text or said.refusal:
            return False
        if self._wanted == "score":
            raise ConfigError(
                f"The server of {self._model.id!r} gives no log-probabilities.",
                mend='Set mode = "generate" under [agent] in tiebreak.toml.',
            )
        self._has_scores = False
        return True

    def _read(self, reply: Reply, price: Price | None) -> Suggestion | Failure:
        prepared, said = reply.prepared, reply.outcome
        if isinstance(said, LLMUnavailable):
            return Failure(prepared.task.record_id, str(said))
        if isinstance(said, LLMRejected):
            return self._suggestion(reply, abstain="rejected")
        paid = charge(prepared.request, said, price)
        if said.refusal:
            return self._suggestion(reply, said, paid, abstain="refused")
        if prepared.mode == "generate":
            return self._read_generated(reply, said, paid)
        if not said.top:
            return self._suggestion(reply, said, paid, abstain="no-logprobs")
        best = codes.score(said.top, prepared.codes)
        if best is None:
            return self._suggestion(reply, said, paid, abstain="no-code")
        cited = _cite(prepared.shown, best.label)
        return self._suggestion(
            reply,
            said,
            paid,
            label=best.label,
            confidence=best.confidence,
            rationale=cited,
            rationale_by="neighbours" if cited else "none",
        )
