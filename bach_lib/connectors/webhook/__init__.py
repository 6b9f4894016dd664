"""Webhooks: messages out to any address that takes JSON."""

from bach_lib.connectors.webhook.connector import Timeouts, WebhookConnector

__all__ = ["Timeouts", "WebhookConnector"]
