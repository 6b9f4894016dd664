"""Connector for another Home Assistant: its notifications, actions and events, and the BACH in it.

Here is what speaks its WebSocket API, and the letters that two BACHs write to each other. The home BACH itself may run
in is not known here: that is the integration's.
"""

from bach_lib.connectors.homeassistant.connector import HomeAssistantConnector, Settings
from bach_lib.connectors.homeassistant.letter import read_letter
from bach_lib.connectors.homeassistant.websocket_client import Timeouts

__all__ = ["HomeAssistantConnector", "Settings", "Timeouts", "read_letter"]
