"""The whole suite; of a connector that receives nothing, the part about receiving is left out."""

from typing import ClassVar, override

from bach_lib.testing.contract.platform import Platform, PlatformOn
from bach_lib.testing.contract.receiving import Receiving
from bach_lib.testing.contract.sending import Sending

_SAID = ("name", "connector", "recipient")
_OF_A_SERVER = ("secrets", "wrong_secrets")


class ConnectorContract(Sending, Receiving):
    """What every connector promises: inherit from it in a class whose name begins with "Test", and name `platform`."""

    platform: ClassVar[type[Platform]]

    @override
    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        platform = getattr(cls, "platform", None)
        if platform is None:
            return
        said = (*_SAID, *(_OF_A_SERVER if issubclass(platform, PlatformOn) else ()))
        if lacks := [name for name in said if not hasattr(platform, name)]:
            raise TypeError(f"{platform.__name__} has to say what a test needs to know: {', '.join(lacks)}")
        if not getattr(platform.connector.capabilities, "receives", False):
            for name in vars(Receiving):
                if name.startswith("test_"):
                    setattr(cls, name, None)
