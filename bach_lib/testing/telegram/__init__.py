"""The parts of the Telegram server double. Programs use `bach_lib.testing.telegram_server`, not these modules.

They answer as the Bot API's description says, which a test holds them to. Nothing of the connector is imported here:
a double that shared its mistakes would find none.
"""
