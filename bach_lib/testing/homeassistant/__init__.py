"""A Home Assistant on loopback, made from its documented API: the public test double for another Home Assistant."""

from bach_lib.testing.homeassistant.server import Call, HomeAssistantServer

__all__ = ["Call", "HomeAssistantServer"]
