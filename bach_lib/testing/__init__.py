"""Public test doubles for programs that use BACH."""
