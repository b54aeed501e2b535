"""What is known of a project: accuracy, curves, forecasts, metrics, label issues."""
