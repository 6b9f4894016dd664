"""The parts of the AI, MCP and OAuth servers on loopback; `bach_lib.testing` offers them."""
