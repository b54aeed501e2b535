"""Many records: a million of them, indexes, encoders; and the maker of the demo's data."""
