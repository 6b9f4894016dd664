"""What every mixin of `Bach` stands on, so that each is typed alone and none knows another."""

from abc import ABC, abstractmethod

from bach_lib.runtime.parts import Parts


class CallGroup(ABC):
    """Base of the mixins of `Bach`; each holds the calls about one subject."""

    @property
    @abstractmethod
    def _open_parts(self) -> Parts:
        """What there is while BACH is open. Raises `NotOpenError`."""
