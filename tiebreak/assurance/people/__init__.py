"""People measured as carefully as machines: agreement, fatigue, shared errors, anchoring.

Pure functions and frozen records. Nothing here certifies a label; it says how far the person whom
the promise compares the machine with can be trusted.
"""
