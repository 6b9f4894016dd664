"""Signal, through a signal-cli-rest-api that runs beside BACH.

Here is what speaks that program's REST calls and its WebSocket, and what each refusal means. Registering a number is
not done here, and no other platform is known.
"""

from bach_lib.connectors.json_client import Timeouts
from bach_lib.connectors.signal.connector import Settings, SignalConnector

__all__ = ["Settings", "SignalConnector", "Timeouts"]
