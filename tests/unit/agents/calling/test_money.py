from __future__ import annotations

import tomllib

import pytest

from tiebreak import config
from tiebreak.agents.backends.scripted import ScriptedModel
from tiebreak.agents.calling import money
from tiebreak.config import Price
from tiebreak.domain.evidence import NANOS, Usage
from tiebreak.domain.ports import Completion, Message, Request
from tiebreak.errors import PriceMissing

PRICE = Price(input=1.0, output=5.0, cached_input=0.1)
REQUEST = Request(messages=(Message(role="user", content="grüße"),), max_tokens=60)


def test_a_thousand_calls_cost_what_the_price_list_says() -> None:
    one = money.cost(Usage(prompt=3700, cached=3000, completion=60), PRICE)
    assert one * 1000 == pytest.approx(1.30 * NANOS)  # (.1 · 3000 + 700) · $1 + 60 · $5, a million


def test_without_a_cached_price_cached_tokens_cost_like_others() -> None:
    usage = Usage(prompt=100, cached=50)
    assert money.cost(usage, Price(input=2, output=0)) == 200_000


def test_a_fraction_of_a_nano_is_rounded_up() -> None:
    assert money.cost(Usage(prompt=1), Price(input=0.0000001, output=0)) == 1


def test_the_worst_case_covers_any_bill_of_as_many_tokens_as_bytes() -> None:
    most = Usage(prompt=len("grüße".encode()) + money.PER_MESSAGE, completion=60)
    assert money.worst_case(REQUEST, PRICE) >= money.cost(most, PRICE)
    assert money.worst_case(REQUEST, None) == 0


def test_a_server_that_counts_no_tokens_is_charged_at_the_worst_case() -> None:
    silent = Completion(text="x", usage=Usage())
    assert money.charge(REQUEST, silent, PRICE) == money.worst_case(REQUEST, PRICE)
    told = Completion(text="x", usage=Usage(prompt=1, completion=1))
    assert money.charge(REQUEST, told, PRICE) == 6000


def test_a_budget_over_an_unpriced_remote_model_prints_the_lines_to_add() -> None:
    model = ScriptedModel(["x"], id="openai:some-model", remote=True)
    with pytest.raises(PriceMissing) as caught:
        money.require_price(model, None, 5)
    assert caught.value.exit_code == 2
    lines = str(caught.value)[str(caught.value).index("[prices") :]
    settings = config.parse(tomllib.loads(lines))
    assert settings.prices["openai:some-model"] == Price(input=0, output=0, cached_input=0)


@pytest.mark.parametrize(
    ("remote", "price", "limit"), [(False, None, 5), (True, PRICE, 5), (True, None, None)]
)
def test_no_price_is_needed_for_local_models_or_without_a_budget(
    remote: bool, price: Price | None, limit: int | None
) -> None:
    assert money.require_price(ScriptedModel(["x"], remote=remote), price, limit) is None
