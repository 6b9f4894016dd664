"""Lets mutmut write the changed code of the folder it is started in; nothing is run."""

import sys

import mutmut.__main__ as mutmut
from mutmut.mutation.trampoline import set_mutant_under_test


def main() -> int:
    """Write them."""
    set_mutant_under_test("mutant_generation")
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.setup_source_paths()
    mutmut.create_mutants(1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
