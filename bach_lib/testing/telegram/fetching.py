"""The methods by which a bot gets its updates, or has them brought to a web address."""

from collections.abc import Awaitable
from dataclasses import replace

from bach_lib.testing.telegram.arguments import Arguments
from bach_lib.testing.telegram.calls import Call
from bach_lib.testing.telegram.errors import bad_request, conflict, webhook_is_set
from bach_lib.testing.telegram.updates import MAX_LIMIT


def get_updates(call: Call) -> Awaitable[object]:
    """Confirm old updates and fetch new ones."""
    if call.bot.webhook:
        raise webhook_is_set()
    kinds = call.arguments.nested("allowed_updates")
    if isinstance(kinds, list):
        call.bot.updates.allow([str(kind) for kind in kinds])
    limit = min(max(call.arguments.integer("limit", MAX_LIMIT), 1), MAX_LIMIT)
    return call.bot.updates.poll(call.arguments.integer("offset"), limit, call.arguments.integer("timeout"))


def set_webhook(call: Call) -> object:
    """Let a web address take the updates. It is remembered, never called."""
    url = call.arguments.text("url")
    if url and not url.startswith("https://"):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if url:
        call.bot.updates.interrupt(conflict("terminated by setWebhook request"))
    call.bot.webhook = url
    if call.arguments.flag("drop_pending_updates"):
        call.bot.updates.clear()
    return True


def delete_webhook(call: Call) -> object:
    """Go back to polling."""
    return set_webhook(replace(call, arguments=Arguments({**call.arguments.values, "url": ""})))


def get_webhook_info(call: Call) -> object:
    """Whether a webhook is set, and how much waits."""
    return {"url": call.bot.webhook, "has_custom_certificate": False, "pending_update_count": len(call.bot.updates)}
