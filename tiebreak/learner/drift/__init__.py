"""Drift sensors: they flag and they pause, and they never certify that all is well."""
