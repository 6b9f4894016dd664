"""The entry point: `bach`, or `python -m bach_lib.cli`."""

import sys
from importlib import import_module


def main() -> None:
    """Run the command, or say what is missing for it."""
    try:
        app = import_module("bach_lib.cli.app").app
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich"}:
            raise
        sys.stderr.write("The command bach needs the packages typer and rich. Install bach-lib[cli].\n")
        sys.exit(1)
    app(prog_name="bach")


if __name__ == "__main__":
    main()
