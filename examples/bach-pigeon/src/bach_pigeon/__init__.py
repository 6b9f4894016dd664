"""Lets BACH send by pigeon, through a loft that has an HTTP interface."""

from bach_pigeon.connector import PigeonConnector

__all__ = ["PigeonConnector"]
