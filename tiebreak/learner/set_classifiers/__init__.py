"""Classifiers for records to which any number of labels may apply, one a file."""
