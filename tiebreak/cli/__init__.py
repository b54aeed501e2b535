"""The command line: thin typer commands over `Project`."""
