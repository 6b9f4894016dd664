"""What `script/mutate` changes, and the tests that ought to notice."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """A few files, by patterns, and the tests that concern them.

    `close`: the tests of a single file, by its name, that say all there is to say of it; so a change costs seconds.
    """

    files: tuple[str, ...]
    tests: tuple[str, ...]
    close: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_PROMISES = "tests/lib/promises"
_OUTBOUND = ("tests/lib/outbound", _PROMISES, "tests/lib/test_bach.py")
_DISPATCHING = (
    "tests/lib/outbound/test_dispatcher.py",
    "tests/lib/outbound/test_dispatching.py",
    *(f"{_PROMISES}/test_0{number}" for number in ("3_circuit_breaker.py", "4_told_to_wait.py")),
    *(f"{_PROMISES}/test_0{number}" for number in ("5_no_blind_duplicates.py", "6_in_order.py")),
    f"{_PROMISES}/test_07_time_to_live_and_collapse.py",
)
_TESTS_OF_OUTBOUND = {
    **{
        f"{name}.py": (f"tests/lib/outbound/test_{name}.py",)
        for name in ("breaker", "entry", "gate", "lanes", "limiter", "monitor", "retry")
    },
    "advancing.py": tuple(
        f"tests/lib/outbound/test_{name}.py" for name in ("advancing", "collapse", "queue", "settling")
    ),
    "attempt.py": ("tests/lib/outbound/test_blame.py",),
    "attempts.py": ("tests/lib/outbound/test_attempts.py",),
    **dict.fromkeys(
        ("by_hand.py", "undoing.py"),
        (
            *(f"tests/lib/test_{name}.py" for name in ("undoing", "letters", "amending_what_waits", "held")),
            *("tests/lib/test_corrected_addresses.py", "tests/lib/outbound/test_standing_by.py"),
            "tests/lib/outbound/test_dispatching.py",
        ),
    ),
    "corrections.py": (
        *("tests/lib/outbound/test_corrections.py", "tests/lib/outbound/test_attempts.py"),
        "tests/lib/test_undoing.py",
    ),
    "collapse.py": ("tests/lib/outbound/test_collapse.py", "tests/lib/outbound/test_queue.py"),
    "choosing.py": ("tests/lib/outbound/test_choosing.py",),
    "dispatcher.py": _DISPATCHING,
    "history.py": ("tests/lib/outbound/test_history.py",),
    "ledger.py": tuple(f"tests/lib/outbound/test_{name}.py" for name in ("ledger", "following_the_wall")),
    "loading.py": ("tests/lib/outbound/test_loading.py", "tests/lib/outbound/test_loading_shares.py"),
    "queue.py": tuple(f"tests/lib/outbound/test_{name}.py" for name in ("queue", "settling", "collapse", "together")),
    "rows.py": (
        *("tests/lib/outbound/test_rows.py", "tests/lib/outbound/test_queue.py"),
        "tests/lib/models/test_fast_frozen.py",
    ),
    "settlement.py": tuple(
        f"tests/lib/outbound/test_{name}.py" for name in ("ledger", "settling", "queue", "together")
    ),
    "meanwhile.py": (
        *(f"tests/lib/outbound/test_{name}.py" for name in ("corrections", "queue", "collapse")),
        *("tests/lib/test_withdrawing.py", "tests/lib/test_corrected_addresses.py"),
    ),
    "amending.py": (
        *(f"tests/lib/test_{name}.py" for name in ("amending_what_waits", "letters", "withdrawing")),
        *("tests/lib/test_corrected_addresses.py", "tests/lib/registry/test_sender_tag.py"),
    ),
    **dict.fromkeys(("fitting.py", "files.py"), ("tests/lib/test_draft.py", "tests/lib/test_files.py")),
    "losses.py": ("tests/lib/outbound/test_losses.py",),
    "draft.py": (
        *(f"tests/lib/test_{name}.py" for name in ("draft", "changing", "files", "send_all")),
        "tests/lib/registry/test_sender_tag.py",
    ),
    "resending.py": ("tests/lib/outbound/test_resending.py",),
    "sender.py": (
        *(f"tests/lib/test_{name}.py" for name in ("send_all", "turnstile", "changing", "undoing", "tags")),
        *("tests/lib/test_files_on_disk.py", "tests/lib/outbound/test_stored_beside.py"),
        "tests/lib/outbound/test_superseding.py",
        "tests/lib/promises/test_one_place_many_spellings.py",
    ),
    "bystander.py": ("tests/lib/outbound/test_standing_by.py",),
    "lending.py": tuple(f"tests/lib/outbound/test_{name}.py" for name in ("lending", "lanes_lent", "dispatching")),
    "lane_address.py": ("tests/lib/outbound/test_lane_address.py",),
    "carrier.py": ("tests/lib/outbound/test_carrying.py",),
    "lane.py": ("tests/lib/outbound/test_lanes.py",),
    "background_tasks.py": ("tests/lib/outbound/test_background_tasks.py",),
    "bundle.py": ("tests/lib/outbound/test_bundle.py",),
    "uncancellable.py": ("tests/lib/outbound/test_uncancellable.py",),
    "belonging.py": ("tests/lib/outbound/test_belonging.py",),
    "following.py": ("tests/lib/outbound/test_following.py",),
    "one_message.py": ("tests/lib/outbound/test_one_message.py",),
    "interrupted.py": ("tests/lib/outbound/test_one_message.py",),
    "claimed_row.py": ("tests/lib/outbound/test_claimed_row.py",),
    "services.py": ("tests/lib/outbound/test_services.py",),
    "waiters.py": ("tests/lib/test_waiters.py", "tests/lib/test_letters.py", "tests/lib/test_send_all.py"),
    **dict.fromkeys(
        ("superseding.py", "tagged.py"), ("tests/lib/outbound/test_superseding.py", "tests/lib/test_tags.py")
    ),
    "schedule.py": ("tests/lib/outbound/test_schedule.py", "tests/lib/test_scheduling.py"),
    "letters.py": ("tests/lib/outbound/test_stored_beside.py",),
    "room.py": ("tests/lib/outbound/test_room.py",),
    "turnstile.py": ("tests/lib/test_turnstile.py",),
}
_ON_DISK = "tests/lib/storage"
_TESTS_OF_STORAGE = {
    "alike.py": (f"{_ON_DISK}/test_alike.py",),
    "backup_file.py": (f"{_ON_DISK}/test_backup_file.py", f"{_ON_DISK}/test_naming.py"),
    "backups.py": (f"{_ON_DISK}/test_backup_file.py",),
    "bell.py": (f"{_ON_DISK}/test_bell.py",),
    "births.py": (f"{_ON_DISK}/test_restored_cases.py",),
    "collecting.py": (f"{_ON_DISK}/test_sharing.py",),
    "columns.py": (f"{_ON_DISK}/test_values.py", "tests/lib/outbound/test_rows.py"),
    "copies.py": (f"{_ON_DISK}/test_beginnings.py",),
    "database.py": tuple(
        f"{_ON_DISK}/test_{name}.py" for name in ("database", "copying", "backup_file", "place", "request_loop")
    ),
    "folder.py": (f"{_ON_DISK}/test_guard.py",),
    "guard.py": (f"{_ON_DISK}/test_guarding.py", f"{_ON_DISK}/test_guarding_quietly.py"),
    "lock.py": (f"{_ON_DISK}/test_database.py", f"{_ON_DISK}/test_beginnings.py"),
    "log_index.py": (f"{_ON_DISK}/test_log_index.py",),
    "log_keeper.py": (f"{_ON_DISK}/test_watching.py",),
    "lookups.py": (f"{_ON_DISK}/test_lookups.py",),
    "memory.py": ("tests/contracts/test_store.py",),
    "origin.py": (f"{_ON_DISK}/test_beginnings.py",),
    "place.py": (f"{_ON_DISK}/test_beginnings.py",),
    "portions.py": (f"{_ON_DISK}/test_portions.py", f"{_ON_DISK}/test_naming.py"),
    "positions.py": (f"{_ON_DISK}/test_transaction.py", f"{_ON_DISK}/test_queries.py"),
    "pragmas.py": (f"{_ON_DISK}/test_database.py", f"{_ON_DISK}/test_beginnings.py"),
    "purge.py": (f"{_ON_DISK}/test_naming.py",),
    "readers.py": (f"{_ON_DISK}/test_watching.py",),
    "removal.py": (f"{_ON_DISK}/test_removal.py",),
    "request.py": (f"{_ON_DISK}/test_portions.py", f"{_ON_DISK}/test_sharing.py"),
    "request_loop.py": (f"{_ON_DISK}/test_looping.py",),
    "rescue.py": (f"{_ON_DISK}/test_guarding.py", f"{_ON_DISK}/test_saved.py"),
    "restored.py": (f"{_ON_DISK}/test_marker.py",),
    "saved.py": (f"{_ON_DISK}/test_saved.py",),
    "schema.py": tuple(f"{_ON_DISK}/test_{name}.py" for name in ("beginnings", "place", "queries", "database")),
    "sqlite.py": tuple(f"{_ON_DISK}/test_{name}.py" for name in ("sqlite", "database", "beginnings")),
    "store_thread.py": (f"{_ON_DISK}/test_store_thread.py",),
    "tally.py": (f"{_ON_DISK}/test_sharing.py",),
    "together.py": (f"{_ON_DISK}/test_transaction.py",),
    "transaction.py": (f"{_ON_DISK}/test_transaction.py",),
    "values.py": (f"{_ON_DISK}/test_values.py",),
}
_TESTS_OF_INBOUND = {
    **{
        f"{name}.py": (f"tests/lib/inbound/test_{name}.py",)
        for name in ("ages", "handover", "pairing", "phrases", "quiet_start", "quota", "router", "rows")
    },
    "admission.py": ("tests/lib/inbound/test_admission.py", "tests/lib/inbound/test_inbox.py"),
    "inbox.py": (
        *(f"tests/lib/inbound/test_{name}.py" for name in ("inbox", "inbox_kept", "quota", "router")),
        "tests/lib/connectors/webhook/test_senders.py",
    ),
    "pages.py": (
        *(f"tests/lib/inbound/test_{name}.py" for name in ("pages", "inbox", "inbox_kept")),
        "tests/lib/promises/test_one_place_many_spellings.py",
    ),
    "pairing_codes.py": ("tests/lib/inbound/test_pairing_codes.py",),
    "presses.py": ("tests/lib/inbound/test_presses.py",),
    "proving.py": ("tests/lib/inbound/test_proving.py",),
    "pushed.py": (
        "tests/lib/inbound/test_pushed.py",
        "tests/lib/rest/test_hooks.py",
        "tests/lib/connectors/webhook/test_senders.py",
    ),
    "recurring.py": ("tests/lib/inbound/test_recurring.py", "tests/lib/connectors/webhook/test_senders.py"),
    "set_aside.py": ("tests/lib/inbound/test_inbox.py", "tests/lib/inbound/test_one_bad_thing.py"),
    "batch_check.py": ("tests/lib/inbound/test_batch_check.py", "tests/lib/inbound/test_one_bad_thing.py"),
    "patterns.py": ("tests/lib/inbound/test_patterns.py", "tests/lib/inbound/test_rules.py"),
    "rules.py": ("tests/lib/inbound/test_rules.py", "tests/lib/inbound/test_inbox_kept.py"),
    **dict.fromkeys(
        ("acknowledging.py", "receiver.py", "watchdog.py"),
        tuple(f"tests/lib/inbound/test_{name}.py" for name in ("receiver", "receiver_told", "brought")),
    ),
}
_OF_ROUTES = tuple(
    f"tests/lib/routes/test_{name}.py"
    for name in ("deciding", "defined", "book", "withdrawal", "hearing", "endings", "runner")
)
TARGETS = {
    "models": Target(("bach_lib/models/fast_frozen.py",), ("tests/lib/models/test_fast_frozen.py",)),
    "routes": Target(
        ("bach_lib/routes/*", "bach_lib/runtime/routing.py"),
        _OF_ROUTES,
        {"routing.py": (*_OF_ROUTES, "tests/lib/runtime/test_routing.py")},
    ),
    "questions": Target(
        ("bach_lib/questions/question.py",),
        ("tests/lib/questions/test_question.py", "tests/lib/questions/test_asking.py"),
    ),
    "registry": Target(
        tuple(f"bach_lib/registry/{name}.py" for name in ("registry", "examining", "ensuring")),
        (
            *(f"tests/lib/registry/test_{name}.py" for name in ("registry", "registry_on_disk", "ensure")),
            *("tests/lib/test_damaged_cells.py", "tests/lib/storage/test_removal.py"),
        ),
    ),
    "inbound": Target(("bach_lib/inbound/*",), ("tests/lib/inbound",), _TESTS_OF_INBOUND),
    "outbound": Target(("bach_lib/outbound/*",), _OUTBOUND, _TESTS_OF_OUTBOUND),
    "storage": Target(("bach_lib/storage/*",), (_ON_DISK, "tests/contracts/test_store.py"), _TESTS_OF_STORAGE),
}
