"""What every mixin of `Bach` stands on, so that each is typed alone and none knows another."""

from abc import ABC, abstractmethod

from bach_lib.errors import NotOpenError
from bach_lib.runtime.lasting import Lasting
from bach_lib.runtime.parts import Parts


class CallGroup(ABC):
    """Base of the mixins of `Bach`; each holds the calls about one subject."""

    _lasting: Lasting | None = None
    """What goes on by itself, while BACH is open."""

    @property
    @abstractmethod
    def _open_parts(self) -> Parts:
        """What there is while BACH is open. Raises `NotOpenError`."""

    @property
    def _open_lasting(self) -> Lasting:
        """What goes on by itself. Raises `NotOpenError`."""
        _ = self._open_parts
        if self._lasting is None:
            raise NotOpenError
        return self._lasting
