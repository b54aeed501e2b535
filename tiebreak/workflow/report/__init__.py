"""The report: what is promised and what is known, for who decides and for who checks."""
