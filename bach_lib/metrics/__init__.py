"""Metrics for Prometheus and whoever reads OpenMetrics: counted as things happen, the rest read when somebody asks.

Labels are names of connections and words of our own: no recipient, no text and no error's words is in them.
"""
