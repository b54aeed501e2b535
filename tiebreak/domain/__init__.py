"""Frozen types and pure rules; what every other folder speaks. See ``docs/glossary.md``."""
