"""The app's script, which Streamlit runs for each page: name, navigation, the page itself."""

from __future__ import annotations

import streamlit as st

from tiebreak.ui.pages.person import person
from tiebreak.ui.pages.review import review_page
from tiebreak.ui.pages.status import status_page

st.set_page_config(page_title="Tiebreak", layout="wide", initial_sidebar_state="collapsed")
page = st.navigation(
    [
        st.Page(review_page, title="Review", default=True),
        st.Page(status_page, title="Status", url_path="status"),
    ],
    position="top",
)
if person():
    page.run()
