"""The review app: a desk at which people review the agent's pre-labels, and a status page.

The card at the desk is a client-side component that owns its queue and outbox; the routes beside
Streamlit's take its events. Everything else is ordinary Streamlit.
"""
