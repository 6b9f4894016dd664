"""What each kind of connection asks for, and what it can do: the tables behind the dialogs.

Fields, their checks, and what has to be installed. Nothing here knows entries, entities or a BACH at work.
"""
