"""Prompt templates: ``<name>/v<N>.md`` with front matter. Data, no code."""
