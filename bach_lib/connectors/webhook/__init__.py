"""Webhooks: messages out to any address that takes JSON, and in from whoever may post some to us."""

from bach_lib.connectors.webhook.connector import Timeouts, WebhookConnector

__all__ = ["Timeouts", "WebhookConnector"]
