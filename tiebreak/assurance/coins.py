"""Audit coins: for each record and policy version one number that nobody can foresee or redraw.

u = HMAC-SHA256(secret, policy version, record id) / 2^256 (RFC 2104). Without the secret the coins
of any set of records cannot be told from independent uniform ones, and that independence is all
that the promises rest on. With it they are the same whenever they are asked for: a run that was
killed and started again cannot draw a second time. The record decides, never its content: one coin
for a whole cluster of duplicates would let one lucky draw hide all of its errors (test 9).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from tiebreak.assurance.rates import checked_share
from tiebreak.errors import UsageError

BITS = 256
MIN_SECRET = 16
"""Bytes; shorter secrets can be found by trying."""


@dataclass(frozen=True, order=True, slots=True)
class Coin:
    """One draw: ``number`` in 0..2^256 - 1, u = number / 2^256; ``record_id`` breaks a tie.

    Coins sort by u, ascending, which is the order in which a rung is audited.
    """

    number: int
    record_id: int

    @property
    def u(self) -> Fraction:
        """u in [0, 1), exactly."""
        return Fraction(self.number, 1 << BITS)

    def falls(self, pi: float) -> bool:
        """Whether u < pi, so that the record is audited: probability pi, to within 2^-256.

        Exact, in whole numbers: a float pi is p/q with q a power of two, and u < p/q is
        number * q < p * 2^256. Turning u into a float first would round it up to pi and beyond,
        and the decision would no longer follow from what was written down.
        """
        p, q = checked_share(float(pi), "An audit probability").as_integer_ratio()
        return self.number * q < p << BITS


def coin(secret: bytes, record_id: int, policy_version: str) -> Coin:
    """The coin of a record under a policy version; equal arguments give the equal coin, always.

    The message is the version's length in bytes, the version and the record id, so that no two
    pairs make the same message.
    """
    if len(secret) < MIN_SECRET:
        raise UsageError(
            f"A coin secret of {len(secret)!r} bytes can be guessed.",
            mend=f"Use at least {MIN_SECRET} random bytes.",
        )
    version = policy_version.encode()
    message = b"%d:%b%d" % (len(version), version, record_id)
    return Coin(int.from_bytes(hmac.digest(secret, message, "sha256"), "big"), record_id)


def in_order(secret: bytes, record_ids: Iterable[int], policy_version: str) -> tuple[Coin, ...]:
    """The coins of the records in ascending u: a uniformly random order that anyone can re-derive.

    The order does not depend on the order of *record_ids*.
    """
    return tuple(sorted(coin(secret, record_id, policy_version) for record_id in record_ids))
