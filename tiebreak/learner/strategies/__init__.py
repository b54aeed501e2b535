"""Query strategies, one a file; near-equal ones share a file whose ``create`` has a parameter."""

VARIANTS = {
    "entropy": ("uncertainty", {"measure": "entropy"}),
    "least_confidence": ("uncertainty", {"measure": "least_confidence"}),
    "margin": ("uncertainty", {"measure": "margin"}),
    "maxherding": ("herding", {"weighted": False}),
    "uncertainty_herding": ("herding", {"weighted": True}),
}
"""Name to the file that makes it and the settings of its ``create``, for the registry."""
