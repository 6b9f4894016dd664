"""Programs deal with what comes in and what happens: handlers of commands, the durable loop, streams of events.

What comes in is answered by sending, so this stands above both directions. A message is dealt with when its handler
has returned, or when the loop says so; the inbox on disk knows, and what is not dealt with comes again.
"""
