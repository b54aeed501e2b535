"""The labelling agent: prompts, parsing, confidence, and the money it may spend."""
