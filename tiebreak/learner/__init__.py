"""The fast model: heads, calibration, query strategies, honest estimates."""
