"""The contract of connectors as a suite for pytest: what every connector promises, over real sockets.

```python
from bach_lib.testing import ConnectorContract, PartnerPlatform

class PigeonPlatform(PartnerPlatform[PigeonServer]):
    name, connector, recipient = "pigeon", PigeonConnector, "ada"
    secrets, wrong_secrets = {"token": "new"}, {"token": "old"}
    ...  # how to connect, and how its server fails

class TestPigeon(ConnectorContract):
    platform = PigeonPlatform
```

BACH's own connectors pass it too, and it needs no plugin of pytest. A test that fails says in a sentence what would
become of somebody's messages.
"""

from bach_lib.testing.contract.company import Company
from bach_lib.testing.contract.platform import PartnerPlatform, Platform, PlatformOn
from bach_lib.testing.contract.suite import ConnectorContract

__all__ = ["Company", "ConnectorContract", "PartnerPlatform", "Platform", "PlatformOn"]
