"""The promises of the design, each with the tests that fail when it is broken, under its number there.

A file without a number is about what several of them rest on. Numbers 12 (somebody knows) and 13 (what can be done
can be clicked) need routes and a panel, which are not there yet.
"""
