"""Readers and writers of row files; they know no store."""
