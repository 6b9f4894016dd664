"""Stands in for pyspeex-noise."""


class AudioProcessor:
    """Processes nothing."""
