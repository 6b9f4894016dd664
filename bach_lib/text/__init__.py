"""Splitting of long and rich texts, for every connector and for whoever answers at length.

Markup that is read, closed and opened again at a cut, buttons as words, and which parts have arrived. Pure: no module
here asks a platform, a disk or a clock.
"""
