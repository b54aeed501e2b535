"""Language models behind one port, one adapter a file."""
