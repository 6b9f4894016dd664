"""Routes: steps as a pure state machine, and the runner around it, which tells people until somebody knows.

A run sends messages and hears of answers, so this stands above both directions, and beside what makes questions of
that. Nothing here knows a platform.
"""
