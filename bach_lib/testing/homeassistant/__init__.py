"""A Home Assistant on loopback, made from its documented API: the public test double for another Home Assistant.

It keeps which actions were called and which events fired, and lets a test speak as that home. Nothing of the connector
is imported here: a double that shared its mistakes would find none.
"""

from bach_lib.testing.homeassistant.server import Call, HomeAssistantServer

__all__ = ["Call", "HomeAssistantServer"]
