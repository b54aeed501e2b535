"""Calls to a model: money first, retries, interrupts."""
