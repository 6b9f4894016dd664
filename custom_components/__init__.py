"""Makes Python, and so the tests, find the integration of this checkout."""
