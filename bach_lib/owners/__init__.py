"""Owners: which of several processes that share a database works on which connection.

A connection has one owner at a time, since a bot has one poller, one gateway session, one rate limit and one breaker.
Anybody may send, look, cancel and retry; the owner hears of it.
"""
