"""What the user asks of a promise, and what follows from it for a label's tier."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tiebreak.config import PromisePart
from tiebreak.domain.labels import LabelSchema, LabelValue
from tiebreak.domain.monitoring import AskedTerms
from tiebreak.domain.promises import Policy, Promise
from tiebreak.errors import ConfigError
from tiebreak.project import ProjectContext

LABELS_PER_NAME = 5
MIN_LABELS, MAX_SHARE = 100, 0.1
AUDIT_SHARE, MIN_AUDITS, MAX_AUDITS = 0.1, 100, 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class PromiseTerms:
    """A promise as asked for: see `tiebreak.config.PromisePart`.

    ``simulated``: answers come from sealed labels, so that whatever is proved is a simulation.
    ``further``: asked for in this call or in the settings, so that further policies may be frozen,
    for which the agent is asked about every record; an earlier policy alone is only kept up.
    """

    max_error: float
    confidence: float
    kind: Promise
    part: PromisePart
    simulated: bool
    further: bool

    @property
    def delta(self) -> float:
        """The chance that the procedure may fail, over the project's whole life."""
        return 1 - self.confidence

    @property
    def share(self) -> float:
        """Of a policy's failure probability, the part that the records of its freeze may spend: a
        half where arrivals have the other one."""
        return 0.5 if self.part.stream else 1.0

    def eps(self, tier: str) -> float:
        """The tolerated error of a tier; 0 where a person always decides."""
        return self.part.tiers.get(tier, self.max_error)

    def audits(self, candidates: int) -> int:
        """How many audits are planned for a policy with so many candidates."""
        auto = min(max(int(AUDIT_SHARE * candidates), MIN_AUDITS), MAX_AUDITS)
        return min(self.part.audits or auto, candidates)

    def labels_first(self, pool: int, names: int) -> int:
        """How many labels are learnt from before the first policy is frozen."""
        auto = min(max(LABELS_PER_NAME * names, MIN_LABELS), max(int(MAX_SHARE * pool), 3 * names))
        return self.part.labels or auto


def current_terms(
    context: ProjectContext,
    *,
    max_error: float | None = None,
    confidence: float | None = None,
    kind: Promise | None = None,
    reviewer: Literal["queue", "labels"] = "queue",
) -> PromiseTerms | None:
    """What is asked now: of this call, else of the settings, else of the last call for people that
    asked for one (so that the desk goes on with it), else as the newest policy had it.

    None where no promise was ever asked for.

    Raises:
        ConfigError: an error or a confidence out of range, also of a tier.
    """
    part = context.settings.promise
    now: AskedTerms | Policy | None = AskedTerms(
        max_error=max_error or part.max_error or 0.0, confidence=part.confidence, promise=part.kind
    )
    asked = context.store.monitoring.last_terms()
    further = max_error is not None or part.max_error is not None
    if not further:
        now, further = asked or context.pool_state().newest_policy, asked is not None
    if now is None:
        return None
    terms = PromiseTerms(
        max_error=now.max_error if max_error is None else max_error,
        confidence=now.confidence if confidence is None else confidence,
        kind=kind or now.promise,
        part=part,
        simulated=reviewer == "labels",
        further=further,
    )
    _check(terms)
    return terms


def keep_terms(context: ProjectContext, terms: PromiseTerms) -> None:
    """Keep what a call for people asked, unless that is kept; a simulation leaves no trace."""
    asked = AskedTerms(max_error=terms.max_error, confidence=terms.confidence, promise=terms.kind)
    kept = context.store.monitoring.last_terms()
    if not terms.simulated and (kept is None or asked != replace(kept, id=0, created_at="")):
        context.store.monitoring.put_terms(asked)


def _check(terms: PromiseTerms) -> None:
    rates = {"max_error": terms.max_error, **{f"tiers.{k}": v for k, v in terms.part.tiers.items()}}
    for name, rate in rates.items():
        if not (0 < rate < 1 or (rate == 0 and name != "max_error")):
            raise ConfigError(
                f"promise.{name} = {rate!r} is no error that can be tolerated.",
                mend="Give a share such as 0.05 (a tier's may be 0: a person always decides).",
            )
    if terms.part.stream and terms.kind == "dataset":
        raise ConfigError(
            "promise.stream is on, and a stream has no whole file to promise anything of.",
            mend="Use promise.kind = 'label', or turn the stream off.",
        )
    if not 0.5 <= terms.confidence < 1:
        raise ConfigError(
            f"A confidence of {terms.confidence!r} cannot be asked for.", mend="Use 0.95."
        )


def tiers_of(schema: LabelSchema, terms: PromiseTerms) -> tuple[str, ...]:
    """The tiers in which anything may be labelled alone, in the order of the schema's labels.

    A multi-label value says something of every label, also of those that it leaves out, so that
    there is one tier then: the strictest of all that allow autonomy.
    """
    tiers = dict.fromkeys(label.tier for label in schema.labels if terms.eps(label.tier) > 0)
    if schema.multiple and tiers:
        return (min(tiers, key=terms.eps),)
    return tuple(tiers)


def tier_of(schema: LabelSchema, terms: PromiseTerms, value: LabelValue) -> str | None:
    """The tier of a label value; None where a person always decides."""
    tier = {label.name: label.tier for label in schema.labels}
    if any(terms.eps(tier[name]) == 0 for name in value):
        return None
    if schema.multiple:
        return next(iter(tiers_of(schema, terms)), None)
    return tier[value[0]]
