"""The programs that many people have, and where in what they post everything stands.

Each was read off the sender's own documentation, or recorded from it; the tests hold the recordings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bach_lib.connectors.webhook.proofs import ADDRESS

Paths = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A program that posts. `each`: the list whose elements become a message each. `ways`: proofs beside the usual."""

    paths: Paths = field(default_factory=dict)
    each: str | None = None
    ways: Sequence[str] = ()


ANY: Final = Sender()
"""Whoever can be told what to post: `text`, and perhaps `sender`, `id` and `recipient`."""

SENDERS: Final[Mapping[str, Sender]] = {
    # https://prometheus.io/docs/alerting/latest/configuration/#webhook_config; a fingerprint names the labels, not the
    # notification: what makes it one is whether it fires, and since when
    "alertmanager": Sender(
        each="alerts",
        paths={
            "text": ["status", "annotations.summary|annotations.description|labels.alertname"],
            "sender": "receiver",
            "id": ["fingerprint", "status", "startsAt"],
        },
    ),
    # https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier
    "grafana": Sender(
        paths={
            "text": "message|title",
            "sender": "receiver",
            "id": ["groupKey", "status", "alerts.*.fingerprint", "alerts.*.status", "alerts.*.startsAt"],
        },
    ),
    # https://docs.github.com/webhooks/webhook-events-and-payloads; Gitea and Forgejo send the same
    "github": Sender(
        paths={
            "text": [
                "repository.full_name|organization.login",
                "header:x-github-event|header:x-gitea-event|header:x-forgejo-event",
                "action|workflow_run.conclusion|state",
                "pull_request.title|issue.title|release.name|workflow_run.name|check_run.name|head_commit.message|ref|zen",
            ],
            "sender": "repository.full_name|organization.login",
            "id": "header:x-github-delivery|header:x-gitea-delivery|header:x-forgejo-delivery",
        },
    ),
    # https://docs.gitlab.com/user/project/integrations/webhook_events
    "gitlab": Sender(
        paths={
            "text": [
                "project.path_with_namespace",
                "object_kind|event_name",
                "object_attributes.action|object_attributes.status|build_status",
                "object_attributes.title|object_attributes.name|object_attributes.note|build_name|ref",
            ],
            "sender": "project.path_with_namespace",
            "id": "header:idempotency-key|header:x-gitlab-event-uuid",
        },
    ),
    # https://github.com/louislam/uptime-kuma (server/notification-providers/webhook.js)
    "uptime-kuma": Sender(
        paths={
            "text": "msg",
            "sender": "monitor.name",
            "id": ["monitor.id|heartbeat.monitorID", "heartbeat.status", "heartbeat.time"],
        },
    ),
    # https://healthchecks.io/docs/configuring_notifications: the body is whatever a person writes there
    "healthchecks": Sender(paths={"text": "text|message|msg|status", "sender": "sender|name"}, ways=(ADDRESS,)),
    # https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/Webhook: an address alone, fetched with GET
    "shelly": Sender(paths={"text": "text|message|event", "sender": "sender|device|src"}, ways=(ADDRESS,)),
}
