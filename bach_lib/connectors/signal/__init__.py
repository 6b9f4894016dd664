"""Signal, through a signal-cli-rest-api that runs beside BACH."""

from bach_lib.connectors.json_client import Timeouts
from bach_lib.connectors.signal.connector import Settings, SignalConnector

__all__ = ["Settings", "SignalConnector", "Timeouts"]
