"""Classifier heads, one a file."""
