"""Settings that BACH itself follows, whatever connector or partner a connection has, and their secrets: the one list.

The registry checks by it, the command explains by it, and Home Assistant makes the form *Options* of it. A connector
that declares a setting of such a name does not get it: it would mean two things.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from bach_lib.connectors.declaration import Known, Knows
from bach_lib.said import Sentence

SENDER_TAG: Final = Known(
    name="sender_tag",
    about=Sentence(
        "a_word_that_stands_in_brackets_before_each",
        "a word that stands in brackets before each text, to tell senders apart",
    ),
)
RETRY_DELAYS: Final = Known(
    name="retry_delays",
    about=Sentence(
        "seconds_before_each_new_try_of_a_message",
        "seconds before each new try of a message that failed; the last one repeats, like [30, 60, 120]",
    ),
    takes=(list,),
)
MAX_RETRIES: Final = Known(
    name="max_retries",
    about=Sentence(
        "how_often_a_message_that_is_to_blame_is_tried", "how often a message that is to blame is tried again, 0 to 100"
    ),
    takes=(int,),
)
BREAKER_FAILURES: Final = Known(
    name="breaker_failures",
    about=Sentence(
        "failures_in_a_row_after_which_the_connection", "failures in a row after which the connection rests"
    ),
    takes=(int,),
)
BREAKER_SECONDS: Final = Known(
    name="breaker_seconds",
    about=Sentence("for_how_long_it_rests_then", "for how long it rests then"),
    takes=(int, float),
)
PER_MINUTE: Final = Known(
    name="per_minute",
    about=Sentence(
        "the_most_messages_a_minute_beside_the_limits", "the most messages a minute, beside the limits of the platform"
    ),
    takes=(int,),
)
DELAYED_MINUTES: Final = Known(
    name="delayed_minutes",
    about=Sentence(
        "delayed_minutes",
        "from how many minutes on a message says in front how late it comes, like {example}",
        example="⏱ 3 h",
    ),
    takes=(int,),
)
MAX_WAITING: Final = Known(
    name="max_waiting",
    about=Sentence("the_most_messages_that_may_wait", "the most messages that may wait"),
    takes=(int,),
)
KEEP_DAYS: Final = Known(
    name="keep_days",
    about=Sentence(
        "days_that_finished_and_incoming_messages_are", "days that finished and incoming messages are kept, 1 to 3650"
    ),
    takes=(int,),
)
INBOX_MEGABYTES: Final = Known(
    name="inbox_megabytes",
    about=Sentence(
        "the_most_that_incoming_messages_take_on",
        "the most that incoming messages take on the disk; the oldest go first",
    ),
    takes=(int,),
)
FILE_MEGABYTES: Final = Known(
    name="file_megabytes",
    about=Sentence(
        "the_most_that_files_of_messages_take_on",
        "the most that files of messages which wait take on the disk; the words of others go without theirs",
    ),
    takes=(int,),
)
RECEIVING: Final = Known(
    name="receiving",
    about=Sentence("false_what_comes_in_there_is_not_fetched", "false: what comes in there is not fetched"),
    takes=(bool,),
    default=True,
)
PROXY: Final = Known(
    name="proxy",
    about=Sentence(
        "the_proxy_to_go_through_like_one_or_other",
        "the proxy to go through, like {one} or {other}",
        one="http://proxy.local:3128",
        other="socks5h://proxy.local:1080",
    ),
)
PROXY_USER: Final = Known(name="proxy_user", about=Sentence("the_user_for_the_proxy", "the user, for the proxy"))
PROXY_PASSWORD: Final = Known(
    name="proxy_password", about=Sentence("the_password_for_the_proxy", "the password, for the proxy")
)
IP_FAMILY: Final = Known(
    name="ip_family", about=Sentence("ipv4_or_ipv6_the_only_one_to_use", "ipv4 or ipv6: the only one to use")
)
QUIET_START: Final = Known(
    name="quiet_start",
    about=Sentence(
        "quiet_start",
        "true: what people wrote while nothing was received stands in the inbox, and is neither told nor acted upon",
    ),
    takes=(bool,),
    default=False,
)

QUIET_HOURS: Final = Known(
    name="quiet_hours",
    about=Sentence(
        "quiet_hours",
        "when messages below a priority wait, like {example}",
        example='[{"recipient": "42", "from": "22:00", "until": "07:00", "zone": "Europe/Berlin", "below": 5}]',
    ),
    takes=(list,),
)

GATHERING: Final = Known(
    name="gathering",
    about=Sentence(
        "gathering",
        "when messages of low priority are gathered and go as one, like {example}",
        example='[{"at": "18:00"}, {"per_hour": 5}, {"same_minutes": 10}]',
    ),
    takes=(list,),
)
HOLIDAYS: Final = Known(
    name="holidays",
    about=Sentence(
        "holidays",
        "days that count as a Sunday in quiet hours, like {example}",
        example='["2026-12-24/2027-01-06", "12-25"]',
    ),
    takes=(list,),
)

OF_NETWORK: Final = (PROXY, IP_FAMILY)
"""What every connection can be told, partners too."""
SECRETS_OF_NETWORK: Final = (PROXY_USER, PROXY_PASSWORD)
"""The secrets of these."""
OF_CONNECTOR: Final = (
    SENDER_TAG,
    RETRY_DELAYS,
    MAX_RETRIES,
    BREAKER_FAILURES,
    BREAKER_SECONDS,
    PER_MINUTE,
    DELAYED_MINUTES,
    MAX_WAITING,
    FILE_MEGABYTES,
    KEEP_DAYS,
    INBOX_MEGABYTES,
    RECEIVING,
    QUIET_START,
    QUIET_HOURS,
    HOLIDAYS,
    GATHERING,
    *OF_NETWORK,
)
"""What every connection of a connector can be told."""


def with_ours(knows: Knows) -> Knows:
    """What a connection can be told whose connector knows this."""
    return replace(
        knows,
        settings=_together(knows.settings, OF_CONNECTOR),
        secrets=_together(knows.secrets, SECRETS_OF_NETWORK),
    )


def _together(theirs: Iterable[Known], ours: Iterable[Known]) -> tuple[Known, ...]:
    names = {one.name for one in ours}
    return (*(one for one in theirs if one.name not in names), *ours)
