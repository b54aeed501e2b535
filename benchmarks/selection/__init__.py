"""What is asked next and what that is worth: strategies, heads, forecasts, found errors."""
