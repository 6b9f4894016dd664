"""The parts of the Telegram server double. Programs use `bach_lib.testing.telegram_server`, not these modules."""
