"""The daemon's own page: the web app at `/`, for whoever has shown the token of the REST interface once.

`Page(bach, token=…).routes` is handed to `make_application`, which guards the rest. Nothing here knows a command of the
app; those are in the folder above, the same for every home.
"""

from bach_lib.web.page.serving import Page

__all__ = ["Page"]
