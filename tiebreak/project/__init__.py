"""A project opened for work: its parts, who is in its pool, how it is made and kept."""
