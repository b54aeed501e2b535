"""Embeddings, vector indexes, duplicates, neighbours."""
