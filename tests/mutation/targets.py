"""What `script/mutate` changes, and the tests that ought to notice."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A few files, by patterns, and the tests that concern them."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


_PROMISES = "tests/lib/promises"
_OUTBOUND = ("tests/lib/outbound", _PROMISES, "tests/lib/test_bach.py")
TARGETS = {
    "questions": Target(("bach_lib/questions*",), ("tests/lib/test_questions.py", "tests/lib/test_asking.py")),
    "registry": Target(("bach_lib/registry*",), ("tests/lib/test_registry.py", "tests/lib/test_registry_on_disk.py")),
    "inbound": Target(("bach_lib/inbound/*",), ("tests/lib/inbound",)),
    "outbound": Target(("bach_lib/outbound/*",), _OUTBOUND),
    "storage": Target(("bach_lib/storage/*",), ("tests/lib/storage", "tests/contracts/test_store.py")),
}
