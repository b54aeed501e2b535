"""Estimates with intervals: accuracy, prevalence, learning curve, forecast, stopping."""
