"""This home as a platform: its companion apps, notify entities and actions, speakers, satellites and own notifications.

It has no address and no token, and is in the same process. So its connector is not the library's, but implements the
same contract, and everything above it (queue, lanes, retry, dead letters) is the same for it as for every other.
"""
