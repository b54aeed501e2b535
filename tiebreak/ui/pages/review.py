"""The Review page: the card, which does everything else by itself."""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st

from tiebreak.ui.pages.person import person
from tiebreak.ui.server.routes import API
from tiebreak.ui.server.served import Served, serving


@cache
def _card() -> Any:
    """The component; it can only be looked up once Streamlit runs."""
    return st.components.v2.component("tiebreak.card", js="card.js", css="card.css")


def review_page() -> None:
    """Mount the card for the person at the desk. ``renew`` reruns this for a fresh token."""
    served = serving()
    _card()(key="card", data=card_data(served, person()), on_renew_change=lambda: None)


def card_data(served: Served, who: str) -> dict[str, Any]:
    """What the card is given: where the routes are, a token, the labels and what they mean."""
    schema = served.desk.card_builder.schema
    return {
        "api": API,
        "token": served.guard.token(who),
        "who": who,
        "project": served.context.settings.project.name,
        "project_key": served.guard.key,
        "multiple": schema.multiple,
        "labels": [
            {"name": x.name, "definition": x.definition, "examples": list(x.examples)}
            for x in schema.labels
        ],
        "guidelines": schema.guidelines,
    }
