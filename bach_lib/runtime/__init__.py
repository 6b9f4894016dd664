"""Wires the parts together and runs connections: what starts, stops, restarts and cleans up.

The only room that knows both directions. It decides when parts run, and never what becomes of a message.
"""
