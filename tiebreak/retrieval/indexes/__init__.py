"""Vector indexes, one a file."""
