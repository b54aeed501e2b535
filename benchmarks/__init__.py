"""What the package does, measured: each module is run from the repository's root.

``python -m benchmarks.speed.help``, and so on; every one prints one JSON line at its end.
"""
