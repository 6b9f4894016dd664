"""The HTTP and WebSocket endpoints: posts for webhooks, the REST interface, letters of another home.

Each proves who it is before anything is read. No endpoint decides what a message means.
"""
