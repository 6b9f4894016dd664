"""Modules that Home Assistant's frontend cannot do without and that need a C++ compiler on Python 3.14.

They find voices in the sound of microphones, of which the demo has none. Its Home Assistant gets this folder as part of
its search path; without them not even the list of actions loads.
"""
