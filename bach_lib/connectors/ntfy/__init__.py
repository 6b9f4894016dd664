"""ntfy, at ntfy.sh or on a server of one's own: notifications to topics, and what others publish there.

It is the smallest connector that works both ways, and the example of docs/adding-a-connector.md: what it does not show
is not needed. Nothing here tries anything again, or knows another platform.
"""

from bach_lib.connectors.json_client import Timeouts
from bach_lib.connectors.ntfy.connector import NtfyConnector, Settings

__all__ = ["NtfyConnector", "Settings", "Timeouts"]
