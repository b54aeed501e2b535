"""The app's script, which Streamlit runs for each page: name, navigation, the page itself."""

from __future__ import annotations

import streamlit as st

from tiebreak.ui.pages import review, status
from tiebreak.ui.pages.person import person

st.set_page_config(page_title="Tiebreak", layout="wide", initial_sidebar_state="collapsed")
page = st.navigation(
    [
        st.Page(review.show, title="Review", default=True),
        st.Page(status.show, title="Status", url_path="status"),
    ],
    position="top",
)
if person():
    page.run()
