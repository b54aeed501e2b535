"""The second part of the error statement: the blind person is wrong and agrees with the machine.

The promise counts disagreements with a blind person. True machine error <= that + P(the person is
wrong *and* agrees), and no audit shows the second part: whoever shares the machine's errors would
make it look faultless. So a coin picks audits for a second, blind person; see
`bound_shared_errors`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tiebreak.annotators.intervals import at_most
from tiebreak.assurance import coin
from tiebreak.errors import UsageError

ADJUDICATED_SHARE = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedErrors:
    """How often a person is wrong and agrees with the machine, by adjudicated audits.

    Attributes:
        picked: audits that were chosen at random for a second blind person.
        wrong: of these, the ones where person and machine agreed and the second person did not.
        pending: agreements that await their second answer.
        rate: share of the wrong ones without the pending; None where none was answered.
        upper: upper 95 % bound on the probability (Clopper-Pearson), pending ones counted as wrong.
    """

    picked: int
    wrong: int
    pending: int
    rate: float | None
    upper: float


def is_picked(
    secret: bytes, record_id: int, policy_version: str, share: float = ADJUDICATED_SHARE
) -> bool:
    """Whether an audit's agreement, should it be one, is adjudicated: by a coin of its own.

    The coin is thrown for every audit, whatever comes of it, and is independent of the audit coin.
    """
    return coin(secret, record_id, f"adjudicate {policy_version}").falls(share)


def bound_shared_errors(
    picked: int, wrong: int, pending: int = 0, confidence: float = 0.95
) -> SharedErrors | None:
    """The bound on P(person wrong and agrees with the machine); None where nothing was picked.

    The picked audits are a binomial thinning of all audits, so that the agreements among them that
    prove wrong are Binomial(picked, P(wrong and agrees)); Clopper & Pearson (1934), one-sided. It
    stands *beside* the disagreements and is never mixed into their evidence. It describes: unlike
    the certificates it is not valid under peeking.

    Args:
        picked: audits that `is_picked` chose, **disagreements among them included** (each is a
            case where the event did not happen).
        wrong: agreements among them for which the second blind person said otherwise. That person
            may be the one who errs; counting against the machine keeps this an upper bound.
        pending: agreements among them without a second answer.
    """
    if not (picked >= 0 and wrong >= 0 and pending >= 0 and wrong + pending <= picked):
        raise UsageError(
            f"{wrong!r} wrong and {pending!r} pending among {picked!r} picked audits cannot be.",
            mend="Count disagreements as picked, too.",
        )
    if not picked:
        return None
    known = picked - pending
    return SharedErrors(
        picked=picked,
        wrong=wrong,
        pending=pending,
        rate=wrong / known if known else None,
        upper=at_most(wrong + pending, picked, confidence),
    )
