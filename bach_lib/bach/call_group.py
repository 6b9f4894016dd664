"""What every mixin of `Bach` stands on, so that each is typed alone and none knows another."""

from abc import ABC, abstractmethod

from bach_lib.errors import NotOpenError
from bach_lib.runtime.parts import Parts
from bach_lib.runtime.standing import Standing


class CallGroup(ABC):
    """Base of the mixins of `Bach`; each holds the calls about one subject."""

    _standing: Standing | None = None
    """What goes on by itself, while BACH is open."""

    @property
    @abstractmethod
    def _open_parts(self) -> Parts:
        """What there is while BACH is open. Raises `NotOpenError`."""

    @property
    def _open_standing(self) -> Standing:
        """What goes on by itself. Raises `NotOpenError`."""
        _ = self._open_parts
        if self._standing is None:
            raise NotOpenError
        return self._standing
