"""ntfy, at ntfy.sh or on a server of one's own: notifications to topics, and what others publish there."""

from bach_lib.connectors.json_client import Timeouts
from bach_lib.connectors.ntfy.connector import NtfyConnector, Settings

__all__ = ["NtfyConnector", "Settings", "Timeouts"]
