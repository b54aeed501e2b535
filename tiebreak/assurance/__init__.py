"""The proof: audit coins, e-processes, the ladder, the caught-error bound, the monitor.

Pure functions and frozen records; what is claimed, and why it holds, stands with each formula.
"""
