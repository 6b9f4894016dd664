"""Every number that Discord documents for a refusal, and what follows from it for the message.

https://docs.discord.com/developers/topics/opcodes-and-status-codes#json, of summer 2026.
"""

import pytest

from bach_lib.connectors.discord.error_codes import CODES, PASSING
from bach_lib.connectors.discord.errors import refusal
from bach_lib.connectors.observations import CallError
from bach_lib.outcomes import Dead, Retry, Scope, Uncertain, Wait

_DOCUMENTED = """
10001 10002 10003 10004 10005 10006 10007 10008 10009 10010 10011 10012 10013 10014 10015 10016 10020 10021 10026 10027
10028 10029 10030 10031 10032 10033 10036 10038 10049 10050 10057 10059 10060 10061 10062 10063 10065 10066 10067 10068
10069 10070 10071 10087 10097 10124 10129 20001 20002 20009 20012 20015 20016 20018 20022 20024 20028 20029 20031 20035
30001 30002 30003 30004 30005 30007 30008 30010 30011 30013 30015 30016 30018 30019 30030 30031 30032 30033 30034 30035
30037 30038 30039 30040 30042 30045 30046 30047 30048 30052 30056 30058 30060 30061 40001 40002 40003 40004 40005 40006
40007 40009 40012 40018 40019 40032 40033 40041 40043 40058 40060 40061 40062 40066 40067 40074 40094 40333 50001 50002
50003 50004 50005 50006 50007 50008 50009 50010 50011 50012 50013 50014 50015 50016 50017 50019 50020 50021 50024 50025
50026 50027 50028 50033 50034 50035 50036 50039 50041 50045 50046 50054 50055 50057 50067 50068 50070 50073 50074 50080
50081 50083 50084 50085 50086 50091 50095 50097 50101 50109 50110 50123 50124 50131 50132 50138 50144 50145 50146 50151
50159 50160 50161 50162 50163 50167 50173 50178 50192 50278 50600 60003 80004 90001 90002 110000 110001 130000 150006
160002 160004 160005 160006 160007 160014 170001 170002 170003 170004 170005 170006 170007 180000 180002 200000 200001
220001 220002 220003 220004 240000 340015 350000 350001 400001 500000 520000 520001 520002 520003 520004 520006 530000
530001 530002 530003 530004 530006 530007
"""
DOCUMENTED = [int(number) for number in _DOCUMENTED.split()]

ACCOUNT = "the account: all messages wait until somebody has repaired it"
WAY = "what stands before Discord: a check tells"
GONE, FORBIDDEN, LARGE, NO_MESSAGE, BAD = "chat_not_found", "forbidden", "too_large", "message_not_found", "bad_request"
WAIT_MESSAGE, WAIT_PLACE = "this message waits", "all to its recipient wait"
EXPECTED: dict[int, str] = {
    **dict.fromkeys((10012, 10015, 40001, 40002, 40012, 50014, 50025, 50027, 50178), ACCOUNT),
    **dict.fromkeys((10003, 10004, 10007, 10013, 50033, 50055), GONE),
    **dict.fromkeys((20016, 20028, 20029, 40003, 40004, 40006, 40062, 110000, 110001, 130000), WAIT_PLACE),
    **dict.fromkeys((20022, 30046), WAIT_MESSAGE),
    **dict.fromkeys((40005, 50045), LARGE),
    **dict.fromkeys((20001, 20009, 20012, 20015, 20018, 20024, 20031, 40007, 50001, 50003, 50005, 50007), FORBIDDEN),
    **dict.fromkeys((50009, 50013, 50021, 50024, 50083, 50095, 50101, 50167, 50173, 50278, 50600, 60003), FORBIDDEN),
    **dict.fromkeys((90001, 160002, 160005, 160014, 200000, 200001, 240000, 340015, 400001), FORBIDDEN),
    10008: NO_MESSAGE,
    40333: WAY,
}
"""What is not named here is `bad_request`: dead, with Discord's words."""


def meant(error: CallError) -> str:
    """What an error means, in the words of the table."""
    match error.outcome:
        case Dead(fault=fault):
            return fault.code
        case Wait(scope=Scope.MESSAGE):
            return WAIT_MESSAGE
        case Wait(scope=Scope.RECIPIENT):
            return WAIT_PLACE
        case Retry(fault=fault, scope=Scope.CONNECTION, written=True):
            return {"auth_failed": ACCOUNT, "unreachable": WAY}.get(fault.code, fault.code)
    return repr(error.outcome)


def test_every_number_is_tried() -> None:
    """A number of our table that Discord does not know would be a slip of the pen."""
    assert set(EXPECTED) == {*CODES, *PASSING} <= set(DOCUMENTED)
    assert not set(CODES) & set(PASSING)


@pytest.mark.parametrize("number", DOCUMENTED)
def test_a_number(number: int) -> None:
    """A refusal that passes would kill a message, one for good stop all, or nobody learn that the token is wrong."""
    answer = {"message": "Message was blocked: rate limit, Missing Access, Logged out", "code": number}
    assert meant(refusal(400, answer, "discord")) == EXPECTED.get(number, BAD)


@pytest.mark.parametrize(
    ("status", "number", "expected"),
    [
        (401, 0, ACCOUNT),
        (401, 50001, ACCOUNT),
        (403, 0, FORBIDDEN),
        (404, 0, BAD),
        (413, 0, LARGE),
        (400, 999_999, BAD),
        (403, 999_999, FORBIDDEN),
        (409, 999_999, "platform_error"),
    ],
)
def test_what_no_number_says(status: int, number: int, expected: str) -> None:
    """A number that is new would be nothing at all."""
    assert meant(refusal(status, {"message": "x", "code": number}, "discord")) == expected


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("number", [0, 130000, 50001])
def test_a_failure_of_discord(status: int, number: int) -> None:
    """Discord may have stored the message before it failed, whatever number it gives."""
    assert isinstance(refusal(status, {"message": "x", "code": number}, "discord").outcome, Uncertain)


def _form(code: str, words: str, *path: str) -> dict[str, object]:
    errors: object = {"_errors": [{"code": code, "message": words}]}
    for name in reversed(path):
        errors = {name: errors}
    return {"message": "Invalid Form Body", "code": 50035, "errors": errors}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_form("BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.", "content"), "too_long"),
        (_form("BASE_TYPE_MAX_LENGTH", "Must be 80 or fewer.", "components", "0", "components", "1"), "too_long"),
        (_form("STRING_TYPE_CONVERT", 'Could not interpret "BASE_TYPE_MAX_LENGTH" as string.', "content"), BAD),
        ({"message": "BASE_TYPE_MAX_LENGTH", "code": 50035}, BAD),
        ({"message": "x", "code": 50035, "errors": ["BASE_TYPE_MAX_LENGTH"]}, BAD),
    ],
)
def test_what_is_wrong_with_a_form(answer: dict[str, object], expected: str) -> None:
    """What people wrote would decide what a refusal means."""
    assert meant(refusal(400, answer, "discord")) == expected
