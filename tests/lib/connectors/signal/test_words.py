"""Every sentence that signal-cli and signal-cli-rest-api have for a message that was not sent, and what follows.

Sources of summer 2026: `SendMessageResultUtils`, `SendCommand`, `SendReactionCommand`, `RemoteDeleteCommand`,
`SendTypingCommand`, `GetUserStatusCommand`, `SignalJsonRpcCommandHandler`, `App`, `manager.api.*Exception`; `api.go`,
`client.go`, `jsonrpc2.go`.
"""

import pytest

from bach_lib.connectors.observations import CallError
from bach_lib.connectors.signal.errors import refusal
from bach_lib.outcomes import Dead, Retry, Scope, Wait

ID = "dGhpcyBpcyB0aGUgaWQgb2YgYSBncm91cCBvZiBvdXI="
NAMES = [
    *("Home Network", "rate limit", "Logged out", "captcha ", "User x is not registered.", "Unregistered user"),
    *("connect", "timed out", "(IOException)", "java.io.IOException: x", "Invalid account", "The user"),
]
"""What people may call a group, a file or themselves."""
GROUPS = [*NAMES, "a\nrate limit"]
OURS, WAIT = "auth_failed, all wait", "all wait as long as told"
NO_WAY, UNKNOWN = "unreachable, a check tells", "nobody knows of what, a check tells"
GONE, FORBIDDEN, UNTRUSTED, BAD, AUTHOR = "chat_not_found", "forbidden", "untrusted", "bad_request", "author_not_found"


def meant(error: CallError) -> str:
    """What an error means, in the words of the table."""
    match error.outcome:
        case Dead(fault=fault):
            return fault.code
        case Wait(scope=Scope.CONNECTION):
            return WAIT
        case Retry(fault=fault, scope=Scope.CONNECTION, written=True):
            return {"auth_failed": OURS, "unreachable": NO_WAY, "platform_error": UNKNOWN}[fault.code]
    return repr(error.outcome)


SENTENCES: dict[str, list[str]] = {
    UNKNOWN: [
        "Failed to send message",
        "Something that nobody has seen yet",
        "Method not implemented",
        "Not implemented",
        "Couldn't unmarshal data: unexpected end of JSON input",
        "No JsonRpc2Client registered!",
        "write tcp 127.0.0.1:5->127.0.0.1:6001: write: broken pipe",
        "Failed to send message: No prekeys available (RuntimeException)",
    ],
    NO_WAY: [
        'Network failure for "+491701234567"',
        'Failed to send (some) messages:\nNetwork failure for "+491701234567"',
        "Failed to send message: chat.signal.org (UnknownHostException)",
        "Failed to send message: Connection closed! (IOException)",
        "Failed to send message: null (SocketTimeoutException)",
        "Unable to check if users are registered: chat.signal.org (UnknownHostException)",
        "java.net.UnknownHostException: chat.signal.org",
        "org.whispersystems.signalservice.api.push.exceptions.PushNetworkException",
    ],
    WAIT: [
        "Failed to send message due to rate limiting",
        "Failed to send message due to rate limiting. Use the attached challenge tokens to lift the rate limit",
        "Rate limit",
        'Rate limit failure for "+491701234567"',
        'Failed to send (some) messages:\nRate limit failure for "+491701234567", retry after 40 seconds',
        'CAPTCHA proof required for sending to "+49", available options "x", or wait "90" seconds.\nTo get it, go',
        "Captcha required",
        "Failed to send message: StatusCode: 413 (RateLimitException)",
        "Failed to send message: Rate limit (ProofRequiredException)",
    ],
    UNTRUSTED: [
        "Failed to send message due to untrusted identities",
        "Unable to complete request due to untrusted recipient keys",
        'Untrusted Identity for "+491701234567"',
        "Untrusted identity: +491701234567",
        'Failed to send (some) messages:\nUntrusted Identity for "+491701234567"',
    ],
    OURS: [
        "User +491700000001 is not registered.",
        "User is not registered.",
        "Specified account does not exist",
        "Failed to load the given account",
        "Method requires account parameter",
        "Method requires valid account parameter",
        "Invalid account (phone number), make sure you include the country code.",
        "No local users found, you first need to register or link an account",
        "Error while checking account +491700000001: [403] Authorization failed!",
        "Failed to send message: Authorization failed! (AuthorizationFailedException)",
        "Authorization failed!",
        "Number not registered with JSON-RPC",
        "Couldn't process request - malformed number",
        "Couldn't process request - number missing",
        "Couldn't process request - please provide a valid number",
        "Cannot send message to group - please first update your profile.",
    ],
    GONE: [
        'Unregistered user "+491701234567"',
        "Unregistered user: +491701234567",
        'Failed to send (some) messages:\nUnregistered user "+491701234567"',
        f"Group not found: {ID}",
        "No group with that id found",
        f"No group with that group id ({ID}) found",
        "No user with that id (+491701234567) found",
        "Invalid group id",
        'Invalid group id: Failed to decode groupId (must be base64) "x"',
        'Failed to decode groupId (must be base64) "x": Illegal base64 character',
        "Invalid Signal group size (5)",
        "Invalid phone number '+49'",
        "Invalid identifier x",
        "Invalid recipient type",
        f"Failed to send to group: Group not found: {ID}",
    ],
    AUTHOR: [
        "The user +491709999999 is not registered.",
        "The user 9f1c2d3e-0000-4000-8000-0123456789ab is not registered.",
    ],
    FORBIDDEN: [
        "User is not a group member",
        "This function is not supported for linked devices.",
        *(f"User is not allowed to send message to group: {name} ({ID})" for name in GROUPS),
        *(f"User is not a member in group: {name} ({ID})" for name in GROUPS),
        *(f"Failed to send to group: User is not a member in group: {name} ({ID})" for name in GROUPS),
        *(f"User is last admin in group: {name} ({ID})" for name in GROUPS),
    ],
    BAD: [
        "Couldn't process request - invalid request",
        "Couldn't process request - recipient missing",
        "Couldn't process request - reaction missing",
        "Couldn't process request - target_author missing",
        "Couldn't process request - timestamp missing",
        "Couldn't process request - please provide at least one recipient",
        "Couldn't process request - please provide valid sticker delimiter",
        "'view_once' can only be set for image attachments!",
        "No recipients given",
        "Please provide at least one recipient",
        "Please specify at least one recipient",
        "More than one recipient is currently not allowed",
        "A signal message cannot be sent to more than one group at once! Please use multiple REST API calls for that.",
        "Signal Messenger Groups and phone numbers cannot be specified together in one request!",
        "Signal Messenger phone numbers and usernames cannot be specified together in one request!",
        "Sending empty message is not allowed, either a message, attachment or sticker must be given.",
        "Quote author parameter is missing",
        "Failed to send sticker: Sticker not found",
        "Link Preview URL is missing in the message!",
        *(f"Invalid mention syntax ({name}) expected 'start:length:recipientNumber'" for name in NAMES),
        *(f"Invalid attachment syntax ({name})" for name in NAMES),
        *(f"Failed to send message: {name}: not found (AttachmentInvalidException)" for name in NAMES),
    ],
}


@pytest.mark.parametrize(
    ("words", "expected"), [(words, expected) for expected, some in SENTENCES.items() for words in some]
)
def test_a_sentence(words: str, expected: str) -> None:
    """An outage would kill messages, one that can never arrive stop the others, or a name decide either."""
    assert meant(refusal(words)) == expected


@pytest.mark.parametrize("name", NAMES)
def test_a_name_alone_is_no_limit_of_the_account(name: str) -> None:
    """Whatever a sentence that nobody knows quotes, it must not become a wish to wait, nor a refused account."""
    assert meant(refusal(f"Something about {name!r} went wrong")) == UNKNOWN
