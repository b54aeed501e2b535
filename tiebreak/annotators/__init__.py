"""Statistics of people who label: agreement, anchoring, fatigue, consensus, shared errors."""
