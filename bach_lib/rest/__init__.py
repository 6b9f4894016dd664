"""The REST interface: four endpoints for programs on the same machine, with the fields of the original BACH.

`make_application(bach, token=…)` returns an `aiohttp.web.Application`; whoever serves it decides where. Everything but
`/health` and the OpenAPI document needs the bearer token.
"""

from bach_lib.rest.application import make_application
from bach_lib.rest.tokens import load_token

__all__ = ["load_token", "make_application"]
