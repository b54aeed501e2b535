"""The review desk in a real browser: what a person waits for, and what must not be lost."""
