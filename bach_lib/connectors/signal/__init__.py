"""Signal, through a signal-cli-rest-api that runs beside BACH."""

from bach_lib.connectors.signal.connector import Settings, SignalConnector
from bach_lib.connectors.signal.rest import Timeouts

__all__ = ["Settings", "SignalConnector", "Timeouts"]
