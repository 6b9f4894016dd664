"""Presets for programs that post to webhooks: where in what they post everything stands.

Each was read off the sender's own documentation, or recorded from it; the tests hold the recordings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bach_lib.connectors.webhook.proofs import ADDRESS

Paths = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A program that posts. `each`: the list whose elements become a message each. `ways`: proofs beside the usual.

    `reminds`: its ids name what goes on, not single deliveries, and it tells the same once more on purpose; None: they
    are what a person writes there.
    `marks`: what stands at the top of all that it posts, by which it is recognised; or `headers`, one of which it has.
    """

    paths: Paths = field(default_factory=dict)
    each: str | None = None
    ways: Sequence[str] = ()
    reminds: bool | None = False
    marks: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()

    def is_known_by(self, body: object, headers: Mapping[str, str]) -> bool:
        """Whether this is what it posts."""
        if self.headers:
            return not self.headers.isdisjoint(headers)
        return bool(self.marks) and isinstance(body, Mapping) and self.marks <= body.keys()


_GITLAB_PLACE: Final = (
    "project.path_with_namespace|project_name|group.full_path|group.group_path|group_path|path_with_namespace|full_path"
)

ANY: Final = Sender()
"""Whoever can be told what to post: `text`, and perhaps `sender`, `id` and `recipient`."""

SENDERS: Final[Mapping[str, Sender]] = {
    # https://prometheus.io/docs/alerting/latest/configuration/#webhook_config; a fingerprint names the labels, not the
    # notification: what makes it one is whether it fires, and since when
    "alertmanager": Sender(
        marks=frozenset({"alerts", "receiver", "status", "version"}),
        each="alerts",
        reminds=True,
        paths={
            "text": ["status", "annotations.summary|annotations.description|labels.alertname"],
            "sender": "receiver",
            "id": ["fingerprint", "status", "startsAt"],
        },
    ),
    # https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier
    "grafana": Sender(
        marks=frozenset({"alerts", "receiver", "state", "title"}),
        reminds=True,
        paths={
            "text": "message|title",
            "sender": "receiver",
            "id": ["groupKey", "status", "alerts.*.fingerprint", "alerts.*.status", "alerts.*.startsAt"],
        },
    ),
    # https://docs.github.com/webhooks/webhook-events-and-payloads; Gitea and Forgejo send the same
    "github": Sender(
        headers=frozenset({"x-github-event", "x-gitea-event", "x-forgejo-event"}),
        paths={
            "text": [
                "repository.full_name|organization.login",
                "header:x-github-event|header:x-gitea-event|header:x-forgejo-event",
                "action",
                (
                    "workflow_run.conclusion|workflow_job.conclusion|check_run.conclusion|check_suite.conclusion"
                    "|deployment_status.state|review.state|state"
                ),
                (
                    "pull_request.title|issue.title|discussion.title|release.name|release.tag_name"
                    "|workflow_run.name|workflow_run.display_title|workflow_job.name|check_run.name|check_suite.head_branch"
                    "|deployment.environment|milestone.title|security_advisory.summary|alert.security_advisory.summary"
                    "|alert.rule.description|alert.secret_type|package.name|registry_package.name|rule.name|label.name"
                    "|alert.affected_package_name|key.title|project_card.note|project.name|sponsorship.tier.name"
                    "|member.login|team.name|forkee.full_name|pages.*.title|context|comment.body|head_commit.message|ref|zen"
                ),
            ],
            "sender": "repository.full_name|organization.login",
            "id": "header:x-github-delivery|header:x-gitea-delivery|header:x-forgejo-delivery",
        },
    ),
    # https://docs.gitlab.com/user/project/integrations/webhook_events; what happens to a group has no project
    "gitlab": Sender(
        headers=frozenset({"x-gitlab-event", "x-gitlab-event-uuid"}),
        paths={
            "text": [
                _GITLAB_PLACE,
                "event_name|object_kind",  # the former is closer: a token of the kind "access_token" expires
                "object_attributes.action|action|object_attributes.status|build_status|status|object_attributes.state",
                (
                    "object_attributes.title|object_attributes.name|object_attributes.note|object_attributes.ref"
                    "|build_name|name|environment|ref|user_name|username"
                ),
            ],
            "sender": _GITLAB_PLACE,
            "id": "header:idempotency-key|header:x-gitlab-event-uuid",
        },
    ),
    # https://github.com/louislam/uptime-kuma (server/notification-providers/webhook.js)
    "uptime-kuma": Sender(
        marks=frozenset({"heartbeat", "monitor", "msg"}),
        paths={
            "text": "msg",
            "sender": "monitor.name",
            "id": ["monitor.id|heartbeat.monitorID", "heartbeat.status", "heartbeat.time"],
        },
    ),
    # https://healthchecks.io/docs/configuring_notifications: the body is whatever a person writes there. Names of
    # checks hold quotes, so a body of JSON has $NAME_JSON alone as its text, or is $JSON, with the state beside it
    "healthchecks": Sender(
        paths={"text": ["text|message|msg|name", "status"], "sender": "sender|name"}, ways=(ADDRESS,)
    ),
    # https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/Webhook: an address alone, fetched with GET. The
    # sensors of the first generation add their readings and, as "id", the device; scripts post JSON, often the event as
    # they were told of it ({"component", "id", "event"}, below "info" beside the same), which names no delivery
    "shelly": Sender(
        paths={
            "text": "text|message|event.info.event|info.event|event.event|event",
            "sender": "sender|device|src|id",
            "id": "message_id",
        },
        reminds=None,
        ways=(ADDRESS,),
    ),
}


def recognised(body: object, headers: Mapping[str, str]) -> str | None:
    """Who posted this, if BACH knows the program. The closest counts: Grafana writes as Alertmanager does, and more."""
    known = [name for name, sender in SENDERS.items() if sender.is_known_by(body, headers)]
    return next((name for name in known if name != "alertmanager"), next(iter(known), None))
