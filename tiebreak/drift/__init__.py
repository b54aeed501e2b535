"""Whether new records are like the ones before, and what a pause holds."""
