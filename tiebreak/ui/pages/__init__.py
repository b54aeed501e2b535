"""Pages of the app, as Streamlit runs them."""
