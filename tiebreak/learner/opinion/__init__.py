"""What agent and model say together: fusion, confidence, routing."""
