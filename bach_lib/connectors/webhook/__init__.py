"""Connector for webhooks: sends to any address that takes JSON, and receives posts."""

from bach_lib.connectors.webhook.connector import Timeouts, WebhookConnector

__all__ = ["Timeouts", "WebhookConnector"]
