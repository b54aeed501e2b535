"""Seconds of what people wait for most often."""
