"""The status and the report: what a project says of itself, in words and charts."""
