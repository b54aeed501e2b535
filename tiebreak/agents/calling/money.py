"""What a call may cost at most, and what it did cost, in whole nanos of the currency's unit."""

from __future__ import annotations

from tiebreak.config import FILE, Price
from tiebreak.domain.evidence import NANOS, Usage
from tiebreak.domain.ports import Completion, LabelModel, Request
from tiebreak.errors import PriceMissing

MILLION = 1_000_000
PER_MESSAGE = 16
"""Tokens a chat template may add around a message: role names and separators, counted high."""


def worst_case(request: Request, price: Price | None) -> int:
    """Nanos that a call cannot pass: a token is at least a byte, every token at full price."""
    if price is None:
        return 0
    sent = [message.content for message in request.messages]
    prompt = sum(len(text.encode("utf-8", "surrogatepass")) + PER_MESSAGE for text in sent)
    if request.schema is not None:
        prompt += len(str(request.schema).encode())
    return cost(Usage(prompt=prompt + PER_MESSAGE, completion=request.max_tokens), price)


def cost(usage: Usage, price: Price | None) -> int:
    """Nanos for these tokens, rounded up; cached prompt tokens at their own price if it has one."""
    if price is None:
        return 0
    cached = min(usage.cached, usage.prompt)
    again = price.input if price.cached_input is None else price.cached_input
    parts = (
        (usage.prompt - cached) * _nanos(price.input),
        cached * _nanos(again),
        usage.completion * _nanos(price.output),
    )
    return -(-sum(parts) // MILLION)


def charge(request: Request, completion: Completion, price: Price | None) -> int:
    """Nanos for a reply. A server that counts no tokens is charged at the worst case."""
    if completion.usage == Usage():
        return worst_case(request, price)
    return cost(completion.usage, price)


def require_price(model: LabelModel, price: Price | None, limit_nanos: int | None) -> None:
    """Refuse a budget over a model off this machine that has no price.

    Raises:
        PriceMissing: its message has the lines to add to ``tiebreak.toml``.
    """
    if limit_nanos is None or price is not None or not model.remote:
        return
    raise PriceMissing(
        f"There is a budget, but the model {model.id!r} has no price.",
        mend=(
            f"Add to {FILE}, with your provider's money for a million tokens:\n\n"
            f'[prices."{model.id}"]\ninput = 0.00\noutput = 0.00\ncached_input = 0.00\n'
        ),
    )


def _nanos(per_million: float) -> int:
    return round(per_million * NANOS)
