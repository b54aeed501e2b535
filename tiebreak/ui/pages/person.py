"""Who sits at the desk: asked once, kept in the session and in the page's address."""

from __future__ import annotations

import streamlit as st

from tiebreak.ui.server.guard import MAX_NAME, clean_name
from tiebreak.ui.server.served import serving

_KEY = "who"


def person() -> str:
    """The person's name; asks for it, and returns nothing, until there is one.

    A session ends with the server, the page's address does not: that is why the name is in both.
    """
    served = serving()
    who = served.who or st.session_state.get(_KEY) or clean_name(st.query_params.get(_KEY, ""))
    if not who:
        _ask()
        return ""
    st.session_state[_KEY] = who
    if not served.who and st.query_params.get(_KEY) != who:
        st.query_params[_KEY] = who
    return str(who)


def _ask() -> None:
    st.title("Who is reviewing?")
    st.write("Your name is kept with each label, so that others can tell whose it is.")
    with st.form("name", border=False, width=420):
        typed = st.text_input("Your name", max_chars=MAX_NAME, autocomplete="name")
        sent = st.form_submit_button("Start reviewing", type="primary")
    if sent and clean_name(typed):
        st.session_state[_KEY] = clean_name(typed)
        st.rerun()
    elif sent:
        st.warning("A name needs at least one letter.")
