"""The public face: `Project`, and what it returns."""
