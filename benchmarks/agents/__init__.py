"""Agents that are played back: a chat server, a simulated agent, recordings of real ones."""
