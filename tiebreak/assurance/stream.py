"""Stream mode: bounds that hold for any order, drift or adversary, because only coins are random.

*The caught-error bound.* K errors were released or audited so far, each caught by its own coin
with probability pi. Which records are errors may depend on everything but the coins of later
records. M tests "errors are caught at a rate of at least pi" by a mixture of the likelihood ratios
(q/pi)^S ((1-q)/(1-pi))^(K-S) over q < pi, with q ~ Beta(a = .5, b = 1) cut off at pi:

    M(S, K) = B(S+a, K-S+b) I_pi(S+a, K-S+b) / ( B(a, b) I_pi(a, b) pi^S (1-pi)^(K-S) ),

I the regularised incomplete beta function. Along the errors, caught or not, M is a martingale that
starts at 1, so that by Ville P(M >= 1/delta, ever) <= delta. M grows with K, hence

    U(S) = max {K : M(S, K) < 1/delta},    P(some t: K_t > U(S_t)) <= delta.

K_t is never seen; S_t is. Time counts errors, not records: nothing is assumed of the rest.

*The release gate's process* bets against "errors come at a rate of at least eps", with
replacement. It is the same mixture with (eps, a = .5, b = 10), counted over audits:

    log E = [betaln(S+a, n-S+b) + log I_eps(S+a, n-S+b)] - [betaln(a, b) + log I_eps(a, b)]
            - S log eps - (n-S) log(1-eps).

The mixture is fixed beforehand. A bet learnt from the stream itself (plug-in, windowed) can sit out
a bad period and then win on a good one, while the average is still above eps (test 6).

Sources: Ville 1939; Robbins, Statistical methods related to the law of the iterated logarithm,
1970 (mixtures); Waudby-Smith & Ramdas 2020 (2010.09686) for the constant bets
1 + lambda (eps - L), lambda = (eps - q) / (eps (1 - eps)), that the ratios are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, log, log1p

from tiebreak.assurance.rates import allowed, checked_share
from tiebreak.errors import UsageError

CAUGHT_PRIOR = (0.5, 1.0)
GATE_PRIOR = (0.5, 10.0)


def log_m(caught: int, errors: int, pi: float) -> float:
    """log M(S = *caught*, K = *errors*) for coins of probability *pi*."""
    return _log_mixture(caught, errors, checked_share(pi, "An audit probability"), CAUGHT_PRIOR)


@lru_cache(maxsize=4096)
def most_errors(caught: int, pi: float, delta: float) -> int:
    """U(S): the most errors, caught ones included, that *caught* of them leave believable.

    M(S, S) <= 1 and M grows with K without end, so that there is a first K beyond belief.
    """
    threshold = -log(checked_share(delta, "A failure probability"))
    return _first(caught, lambda errors: log_m(caught, errors, pi) >= threshold) - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """The records whose coins had one constant probability, with their own share of delta.

    ``pi``: audit probability. ``delta``: this lane's share; over all lanes that there will ever be
    they must add up to the promised delta, and are fixed before the first coin. ``caught``: errors
    found by its audits, and audits without an answer yet.
    """

    pi: float
    delta: float
    caught: int

    @property
    def uncaught(self) -> int:
        """U(S) - S: no more errors than that were released unseen, but for a chance of delta."""
        return most_errors(self.caught, self.pi, self.delta) - self.caught


def uncaught(lanes: Sequence[Lane]) -> int:
    """A bound on all errors released unseen, at every moment: the lanes' bounds added.

    By the union bound it fails, ever, with probability at most the sum of their deltas. Audits of
    different pi must not be pooled into one count (test 7).
    """
    return sum(lane.uncaught for lane in lanes)


def in_force(lanes: Sequence[Lane], unaudited: int, eps: float) -> bool:
    """Whether autonomy is in force now: U(S_t) - S_t <= eps * (released and unaudited so far).

    A state: the next caught error may end it, and enough clean releases may bring it back.
    """
    return uncaught(lanes) <= allowed(eps, unaudited)


def stream_log_e(audited: int, wrong: int, eps: float) -> float:
    """log E of the gate's with-replacement process after *audited* audits with *wrong* errors.

    Valid against the average error rate of all records so far, in any order, if pi was constant:
    on a change of pi it starts anew with n = S = 0.
    """
    return _log_mixture(wrong, audited, checked_share(eps, "A tolerated error"), GATE_PRIOR)


def audits_to_open(eps: float, wrong: int, delta: float) -> int:
    """The fewest audits at which *wrong* errors leave E >= 1/delta."""
    threshold = -log(checked_share(delta, "A failure probability"))
    return _first(wrong, lambda audited: stream_log_e(audited, wrong, eps) >= threshold)


def _first(below: int, reached: Callable[[int], bool]) -> int:
    """The least number above *below* that has *reached*, by doubling and bisection.

    *reached* is false at *below* and, once true, stays so.
    """
    low, high = below, 2 * below + 1
    while not reached(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle
    return high


def gate(rungs: Sequence[tuple[int, int]], eps: float, delta: float) -> int | None:
    """The outermost rung open now, or None: the last whose current E >= m/delta, m rungs.

    *rungs*: (audits, errors and audits without an answer) of each, from the innermost outward.
    A stream's null moves on, so that having passed the threshold once proves nothing now (test 5);
    the rungs share delta, and none need wait for an inner one.
    """
    if not rungs:
        return None
    threshold = log(len(rungs)) - log(checked_share(delta, "A failure probability"))
    open_now = [j for j, (n, s) in enumerate(rungs) if stream_log_e(n, s, eps) >= threshold]
    return open_now[-1] if open_now else None


def _log_mixture(s: int, n: int, rate: float, prior: tuple[float, float]) -> float:
    """The log of the mixture over q < rate of (q/rate)^s ((1-q)/(1-rate))^(n-s)."""
    if not 0 <= s <= n:
        raise UsageError(f"{s!r} errors out of {n!r} cannot be.", mend="Count again.")
    a, b = prior
    top, bottom = _log_beta_below(rate, s + a, n - s + b), _log_beta_below(rate, a, b)
    if top == -inf:
        return -inf  # far more errors than the rate explains; also where I underflows: too careful
    return top - bottom - s * log(rate) - (n - s) * log1p(-rate)


def _log_beta_below(rate: float, a: float, b: float) -> float:
    """log of the integral of q^(a-1) (1-q)^(b-1) over 0 < q < rate; -inf below a float's range."""
    from scipy.special import betainc, betaln

    part = float(betainc(a, b, rate))
    return float(betaln(a, b)) + log(part) if part > 0 else -inf
