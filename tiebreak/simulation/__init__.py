"""The loop played on labelled data: strategies compared, and the demo."""
