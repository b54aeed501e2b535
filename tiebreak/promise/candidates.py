"""What decisions follow from now: the agent's answers, the newest or a frozen head, the fusion.

A candidate is a record that no person ever looked at, on which agent and model say the same (the
model alone, where a project has no agent).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tiebreak.domain.arrays import Ids
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Head
from tiebreak.domain.promises import Policy
from tiebreak.errors import ModelFileError
from tiebreak.learner.opinion import Fusion, fit_fusion
from tiebreak.models import labelled_control
from tiebreak.project import PoolState, ProjectContext, wiring
from tiebreak.promise.decide import AgentAnswer, Rules, Verdict, decide

TierOf = Callable[[LabelValue], str | None]


def newest_rules(context: ProjectContext, tier_of: TierOf) -> Rules | None:
    """What the next policy would decide by; None before there is a head."""
    head = context.head()
    if head is None:
        return None
    fusion = Fusion() if context.schema.multiple else learn_fusion(context)
    return _rules(context, head, fusion, tier_of, {})


def frozen_rules(
    context: ProjectContext, policy: Policy, tier_of: TierOf, gates: Mapping[str, float | None]
) -> Rules:
    """What a policy decides by.

    Raises:
        ModelFileError: the head that it was frozen with is gone or damaged.
    """
    fusion = Fusion.of(policy.parts["fusion"])
    return _rules(context, frozen_head(context, policy), fusion, tier_of, gates)


def _rules(
    context: ProjectContext,
    head: tuple[int, float, Head],
    fusion: Fusion,
    tier_of: TierOf,
    gates: Mapping[str, float | None],
) -> Rules:
    agent = wiring.configured_agent_id(context.settings, context.agent_name)
    return Rules(
        head=head,
        fusion=fusion,
        multiple=context.schema.multiple,
        with_agent=agent is not None,
        tier_of=tier_of,
        gates=gates,
    )


def decide_records(
    context: ProjectContext, state: PoolState, rules: Rules, ids: Ids
) -> list[Verdict]:
    """`decide` for records by id."""
    answers = agent_answers(context, state, ids)
    return decide(rules, answers, lambda at: context.rows(ids[at]))


def agent_answers(context: ProjectContext, state: PoolState, ids: Ids) -> list[AgentAnswer | None]:
    """What the agent says of each record; None where it did not commit itself.

    A duplicate was not asked about: the answer to the record that it repeats is one to it too.
    """
    suggestions = context.suggested()
    answers: list[AgentAnswer | None] = []
    for record_id in ids.tolist():
        s = suggestions.get(record_id) or suggestions.get(_first(record_id, state.links))
        if s is None or s.labels is None:
            answers.append(None)
        else:
            answers.append(AgentAnswer(s.labels, s.confidence))
    return answers


def _first(record_id: int, links: Mapping[int, int]) -> int:
    while record_id in links:
        record_id = links[record_id]
    return record_id


def frozen_head(context: ProjectContext, policy: Policy) -> tuple[int, float, Head]:
    """The head that a policy was frozen with.

    Raises:
        ModelFileError: its file is gone or damaged.
    """
    models = [m for m in context.pool_state().models if m.sha256 == policy.parts["head"]]
    if not models:
        raise ModelFileError(
            f"Policy {policy.number} was frozen with a head that no model card names.",
            mend="Run: tiebreak verify DIR",
        )
    model = models[-1]
    return model.version, model.temperature, wiring.read_head(context.folder, model)


def learn_fusion(context: ProjectContext) -> Fusion:
    """The fusion, learnt from control records: drawn by lot, answered blind, scored before."""
    names = context.schema.names
    place = {name: i for i, name in enumerate(names)}
    models = context.pool_state().models
    kinds = {model.version: model.head for model in models}
    items = [
        (item, labels)
        for item, labels, version in labelled_control(context)
        if version == context.schema.version
        and item.model_probabilities is not None
        and models
        and kinds.get(item.model_version or 0) == models[-1].head
    ]
    suggested = context.store.suggestions.latest([item.record_id for item, _ in items])
    p = np.array([item.model_probabilities for item, _ in items], dtype=np.float64)
    label, confidence = np.full(len(items), -1, dtype=np.int64), np.full(len(items), np.nan)
    for at, (item, _) in enumerate(items):
        if item.agent_labels and item.agent_labels[0] in place:
            label[at] = place[item.agent_labels[0]]
            suggestion = suggested.get(item.record_id)
            if suggestion is not None and suggestion.confidence is not None:
                confidence[at] = suggestion.confidence
    truth = np.array([place[labels[0]] for _, labels in items], dtype=np.int64)
    return fit_fusion(p.reshape(len(items), len(names)), label, truth, confidence)
