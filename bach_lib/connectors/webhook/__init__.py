"""Connector for webhooks: sends to any address that takes JSON, and receives posts.

Here is what a post may look like, from whom it is believed, and how ours are signed. No web server is here: posts come
in through the REST interface or through Home Assistant.
"""

from bach_lib.connectors.webhook.connector import Timeouts, WebhookConnector

__all__ = ["Timeouts", "WebhookConnector"]
