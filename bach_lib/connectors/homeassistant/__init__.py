"""Connector for another Home Assistant: its notifications, actions and events, and the BACH in it."""

from bach_lib.connectors.homeassistant.connector import HomeAssistantConnector, Settings
from bach_lib.connectors.homeassistant.letter import read_letter
from bach_lib.connectors.homeassistant.websocket_client import Timeouts

__all__ = ["HomeAssistantConnector", "Settings", "Timeouts", "read_letter"]
