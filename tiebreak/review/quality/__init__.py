"""How people are measured: agreement, checks, fatigue, anchoring, shared errors, consensus."""
