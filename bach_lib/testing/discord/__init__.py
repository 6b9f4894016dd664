"""The parts of the Discord server double. Programs use `bach_lib.testing.discord_server`, not these modules.

They answer as Discord's OpenAPI description says, which a test holds them to. Nothing of the connector is imported
here: a double that shared its mistakes would find none.
"""
