"""Shows BACH at work on one machine: a real Home Assistant, Telegram and Discord on loopback, an outage and a crash.

`script/demo` is the way in. The end-to-end tests start their Home Assistant with the same code.
"""
