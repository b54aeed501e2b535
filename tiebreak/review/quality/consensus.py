"""Records whose label in force is not what all their blind answers together say."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from tiebreak.annotators import Consensus, crowdlab, dawid_skene, majority
from tiebreak.domain.labels import in_words
from tiebreak.errors import UsageError
from tiebreak.learner import DEFAULT_C, judge_labels
from tiebreak.project import ProjectContext
from tiebreak.review.quality.log import PeopleLog, read_log
from tiebreak.review.quality.results import ConsensusDifference, ConsensusReport

Method = Literal["majority", "dawid_skene", "crowdlab"]
METHODS: tuple[Method, ...] = get_args(Method)


def consensus_report(context: ProjectContext, method: str, *, limit: int = 100) -> ConsensusReport:
    """What several people's blind answers come to; reads only, and changes no label.

    ``differ`` holds the first *limit* of the records whose label in force is another, surest first.

    Raises:
        UsageError: a method that is none of these; a multi-label project.
        MissingPackage: ``dawid_skene`` without the extra ``people``.
        StoreError: ``crowdlab``, and a record has no vector yet.
    """
    if context.schema.multiple:
        raise UsageError(
            "A consensus is found where a record has one label; here it may have any number.",
            mend="Look at alpha, label by label.",
        )
    units = _units(read_log(context))
    ids, result = list(units), _consensus(context, method, units)
    labelled = context.pool_state().labelled
    differ = [
        (at, in_words(labelled[i][1]))
        for at, i in enumerate(ids)
        if i in labelled and in_words(labelled[i][1]) != result.labels[at]
    ]
    differ.sort(key=lambda item: -result.confidence[item[0]])
    records = context.records(ids[at] for at, _ in differ[:limit])
    return ConsensusReport(
        method=method,
        records=len(ids),
        people=dict(result.people),
        differ=tuple(
            ConsensusDifference(
                record_id=ids[at],
                id=records[ids[at]].external_id,
                in_force=now,
                consensus=result.labels[at],
                confidence=float(result.confidence[at]),
                answers=units[ids[at]],
            )
            for at, now in differ[:limit]
        ),
    )


def _units(log: PeopleLog) -> dict[int, dict[str, str]]:
    """Labels alone: "none of these" is no label that a method could settle on."""
    units = {
        i: {who: labels[0] for who, labels in unit.items() if labels}
        for i, unit in log.units().items()
    }
    return {i: unit for i, unit in units.items() if len(unit) > 1}


def _consensus(context: ProjectContext, method: str, units: dict[int, dict[str, str]]) -> Consensus:
    if method not in METHODS:
        raise UsageError(f"There is no consensus by {method!r}.", mend=f"Use {', '.join(METHODS)}.")
    rows = list(units.values())
    votes = majority(rows)
    if method == "majority" or not rows:
        return votes
    if method == "dawid_skene":
        return dawid_skene(rows)
    vectors = context.rows(np.array(list(units), dtype=np.int64))
    model, names = context.store.notes.last_model(), context.schema.names
    c = model.c if model else DEFAULT_C
    judgement = judge_labels(vectors, votes.labels, names, c, context.rng("consensus"))
    return crowdlab(rows, judgement.probabilities, names)
