"""Tiebreak: an LLM agent and a fast model label your text data, and people break the ties."""
