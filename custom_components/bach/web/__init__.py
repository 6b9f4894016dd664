"""HTTP and WebSocket endpoints: webhook posts, the REST interface, messages of another home.

Each authenticates the caller before it reads anything. No endpoint decides what a message means.
"""
