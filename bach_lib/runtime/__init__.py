"""Wires the parts together and runs connections: what starts, stops, restarts and cleans up.

It knows both directions, which do not know each other. It decides when parts run, and never what becomes of a message.
"""
