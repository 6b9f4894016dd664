"""What all tests share: a busy machine is no fault of what is tested."""

from hypothesis import settings

settings.register_profile("busy", deadline=None)
settings.load_profile("busy")
