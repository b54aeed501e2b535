"""Texts to vectors, people's labels to heads, heads to predictions."""
