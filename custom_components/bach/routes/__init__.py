"""Routes as a platform: a connection whose recipients are routes, and what is sent there starts one.

The routes themselves are the library's. Here is only the connector that leads to them, so that whatever can be told a
recipient can be told a route: entities, groups, old actions, other homes, and people in the panel.
"""
