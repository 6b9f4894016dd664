"""The parts of the AI, MCP and OAuth servers on loopback; `bach_lib.testing` offers them.

Each answers in the form of one provider, and says what a test tells it to. Nothing of `bach_lib.partners` is imported
here: a double that shared its mistakes would find none.
"""
