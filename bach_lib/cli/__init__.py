"""The `bach` command, for people at a terminal and for their scripts; needs the extra `bach-lib[cli]`.

Every command is a question to one BACH (`operations`). Where a daemon runs on the database, the question goes to it;
otherwise the command opens the database itself (`session`). So a command means the same in both cases.
"""
