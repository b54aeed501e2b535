"""Files of records: readers that lose no good row, what rows become, writers."""
