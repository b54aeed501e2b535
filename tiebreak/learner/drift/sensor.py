"""What follows from the sensors' readings: ok, flag or pause, with the reason.

None of these states is a proof. ``ok`` says that nothing was noticed; only labels of records that
were drawn at random can show that a promise holds. A pause stays until a person has looked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tiebreak.errors import UsageError
from tiebreak.learner.drift.two_sample import Finding

ALARM = 100.0
LEVEL = 0.05
RECENT = 3
PAUSE_AT = 2

State = Literal["ok", "flag", "pause"]

SAYS = {
    "distance": "texts are farther from what was known",
    "mmd": "the mix of texts has moved",
    "classes": "predicted labels come in other shares",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """``audit_factor`` is what the chance of an audit is to be multiplied by: 2 unless ok."""

    state: State
    reason: str
    audit_factor: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sensor:
    """The readings that still count; each step makes the next one. Starts at ok.

    ``hits`` are the last three windows, oldest first; ``paused`` is why it paused, or nothing.
    """

    hits: tuple[bool, ...] = ()
    paused: str = ""

    def look(
        self, *, capital: float, tests: Sequence[Finding] | None = None, groups: int = 0
    ) -> tuple[Sensor, Signal]:
        """Take in a reading; returns the sensor as it is after it, and what to do.

        Pause if the martingale's capital ever reached 100, or in two of the last three windows a
        test was below .05 over the number of tests. Flag for one such window, and for groups of
        far texts that are alike.

        Args:
            capital: the peak of the martingale's capital, 0 or more.
            tests: the tests of a window that is complete; None between windows.
            groups: how many groups of far texts there are.

        Raises:
            UsageError: a capital that is NaN or negative, or a window without a test.
        """
        if not capital >= 0 or tests == []:
            raise UsageError(
                f"A capital of {capital!r} with tests {tests!r} is no reading.", mend="Read again."
            )
        hit = _hit(tests) if tests is not None else None
        after = self
        if hit is not None:
            after = replace(self, hits=(*self.hits, bool(hit))[-RECENT:])
        if not after.paused:
            after = replace(after, paused=_pause(capital, after.hits, hit or ""))
        if after.paused:
            return after, Signal(state="pause", reason=after.paused, audit_factor=2)
        reasons = [hit] if hit else []
        if not hit and any(after.hits):
            reasons.append(f"a test fired in one of the last {len(after.hits)} windows")
        if groups:
            reasons.append(f"{groups} groups of far texts that are alike: possibly new labels")
        if reasons:
            return after, Signal(state="flag", reason="; ".join(reasons), audit_factor=2)
        return after, Signal(state="ok", reason="nothing was noticed", audit_factor=1)


def _hit(tests: Sequence[Finding]) -> str:
    """What the tests say, or nothing; Bonferroni over the tests of the window."""
    level = LEVEL / len(tests)
    return ", ".join(f"{SAYS[t.name]} (p = {t.p:.3g})" for t in tests if t.p <= level)


def _pause(capital: float, hits: tuple[bool, ...], hit: str) -> str:
    if capital >= ALARM:
        return f"betting on farther texts won {capital:.3g} times its stake, and {ALARM:g} is much"
    if sum(hits) >= PAUSE_AT:
        last = f", in the last: {hit}" if hit else ""
        return f"tests fired in {sum(hits)} of the last {len(hits)} windows{last}"
    return ""
