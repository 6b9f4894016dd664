"""The parts of the Discord server double. Programs use `bach_lib.testing.discord_server`, not these modules."""
