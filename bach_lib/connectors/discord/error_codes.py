"""Table of Discord's JSON error codes, and which code of ours each is.

All of https://docs.discord.com/developers/topics/opcodes-and-status-codes#json that a message, an edit, a reaction or
a deletion can meet, and that mean something else than their HTTP status says. The words beside a number are never
looked at: they may hold what people wrote.
"""

from collections.abc import Mapping

from bach_lib.outcomes import Scope

_BY_CODE: Mapping[str, tuple[int, ...]] = {
    # the account: unknown token, webhook gone, unauthorized, to be verified, revoked, invalid tokens
    "auth_failed": (10012, 10015, 40001, 40002, 40012, 50014, 50025, 50027, 50178),
    # unknown channel, server, member or user; no such recipient or server
    "chat_not_found": (10003, 10004, 10007, 10013, 50033, 50055),
    "message_not_found": (10008,),
    # request, file
    "too_large": (40005, 50045),
    # what stands before Discord takes nothing from this address, and says so in Discord's form
    "unreachable": (40333,),
    "forbidden": (
        *(20001, 20009, 20012, 20015, 20018, 20024, 20031),  # not for bots, explicit, others' things, too young, words
        *(40007, 50001, 50003, 50005, 50007, 50009, 50013, 50021, 50024),  # banned, no access, others' message, rights
        *(50083, 50095, 50101, 50167, 50173, 50278, 50600, 60003),  # archived thread, no server in common, 2FA
        *(90001, 160002, 160005, 160014),  # reaction blocked, no history, locked thread
        *(200000, 200001, 240000, 340015, 400001),  # moderation, filters, limited
    ),
}
CODES: Mapping[int, str] = {number: code for code, numbers in _BY_CODE.items() for number in numbers}

PASSING: Mapping[int, Scope] = {
    20016: Scope.RECIPIENT,  # slow mode
    20022: Scope.MESSAGE,  # edits of an announcement
    20028: Scope.RECIPIENT,  # writes to the channel
    20029: Scope.RECIPIENT,  # writes to the server
    30046: Scope.MESSAGE,  # edits of messages older than an hour
    40003: Scope.RECIPIENT,  # direct messages opened too fast
    40004: Scope.RECIPIENT,  # sending switched off for a while; how far that reaches, the others find out
    40006: Scope.RECIPIENT,  # the same of this feature
    40062: Scope.RECIPIENT,  # a part of Discord has too much to do
    110000: Scope.RECIPIENT,
    110001: Scope.RECIPIENT,
    130000: Scope.RECIPIENT,
}
"""What passes by itself, and whom it stops meanwhile: nobody but the message, or all to its recipient."""
