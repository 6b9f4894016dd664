"""How the parts are put together, and connections at work: what starts, stops, restarts and cleans up.

The only room that knows both directions. It decides when parts run, and never what becomes of a message.
"""
