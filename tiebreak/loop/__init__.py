"""The steps of the loop, from a file to an export, and the run that plays them."""
