"""What watches over the doubles can be wrong itself: it must find what is wrong, and let pass what is right."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bach_lib.testing.loopback import Answer, Loopback, Request
from bach_lib.testing.telegram_server import TelegramServer
from tests.described.ntfy import Ntfy
from tests.described.shapes import Schema, Shapes
from tests.described.witness import KINDS, DescribedPlatforms, folder, read

ROOT = Path(__file__).parent.parent.parent
PERSON: Schema = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "name": {"type": ["string", "null"]}, "friends": {"type": "array"}},
    "required": ["id", "name"],
}
NAMED: Schema = {"person": PERSON}


def found(schema: Schema, value: object, *, null_is_absent: bool = False) -> list[str]:
    """What is wrong with a value."""
    shapes = Shapes(lambda name: {"person": PERSON, "list": LIST}[name], null_is_absent=null_is_absent)
    return shapes.faults(schema, value, "it")


LIST: Schema = {"type": "array", "items": {"$ref": "person"}}
ADA = {"id": 1, "name": "Ada"}
RIGHT: list[tuple[Schema, object]] = [
    (PERSON, ADA),
    (PERSON, {"id": 1, "name": None}),
    (LIST, [ADA, ADA]),
    ({"oneOf": [{"$ref": "person"}, {"type": "null"}]}, None),
    ({"oneOf": [{"const": 1}, {"const": 2}]}, 2),
    ({"allOf": [{"$ref": "person"}, {"properties": {"age": {"type": "integer"}}}]}, ADA | {"age": 36}),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, {"anything": 1}),
    ({"type": "object"}, {"anything": "at all"}),
    ({"type": "number"}, 1),
    ({"type": "integer"}, 1.0),
]
WRONG: list[tuple[Schema, object, str]] = [
    (PERSON, {"id": 1}, "it: 'name' is missing"),
    (PERSON, ADA | {"nmae": "Ada"}, "it: 'nmae' is unknown"),
    (PERSON, ADA | {"id": "1"}, "it.id: '1' is no integer"),
    (PERSON, ADA | {"id": True}, "it.id: True is no integer"),
    (PERSON, ADA | {"id": 1.5}, "it.id: 1.5 is no integer"),
    (PERSON, ADA | {"id": None}, "it.id: None is no integer"),
    (PERSON, [ADA], "it: [{'id': 1, 'name': 'Ada'}] is no object"),
    (LIST, [ADA, {"id": 2}], "it[1]: 'name' is missing"),
    ({"oneOf": [{"$ref": "person"}, {"type": "null"}]}, {"id": 1}, "it: 'name' is missing"),
    ({"oneOf": [{"const": 1}, {"const": 2}]}, 3, "it: 3 is none of [1]"),
    ({"enum": ["a", "b"]}, "c", "it: 'c' is none of ['a', 'b']"),
    ({"allOf": [{"$ref": "person"}, {"required": ["age"]}]}, ADA, "it: 'age' is missing"),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, {"a": "b"}, "it.a: 'b' is no integer"),
    ({"type": "object", "additionalProperties": False}, {"a": 1}, "it: 'a' is unknown"),
    ({"type": "string", "maxLength": 2}, "abc", "it: 'abc' is above maxLength 2"),
    ({"type": "array", "minItems": 1}, [], "it: [] is below minItems 1"),
    ({"type": "integer", "maximum": 5}, 6, "it: 6 is above maximum 5"),
    ({"type": "string", "pattern": "^[0-9]+$"}, "x", "it: 'x' does not match ^[0-9]+$"),
]


@pytest.mark.parametrize(("schema", "value"), RIGHT)
def test_what_is_right(schema: Schema, value: object) -> None:
    """A double could not be mended, because the truth would be refused."""
    assert found(schema, value) == []


@pytest.mark.parametrize(("schema", "value", "fault"), WRONG)
def test_what_is_wrong(schema: Schema, value: object, fault: str) -> None:
    """A double could lie, and every test that relies on it pass."""
    assert found(schema, value) == [fault]


def test_null_where_it_is_as_good_as_nothing() -> None:
    """signal-cli's null would be a fault, or one where something is needed pass."""
    assert found(PERSON, ADA | {"friends": None}, null_is_absent=True) == []
    assert found(PERSON, ADA | {"name": None}, null_is_absent=True) == ["it: 'name' is missing"]


def test_what_ntfy_says() -> None:
    """Its double could invent fields and numbers, and a client that relies on them pass."""
    ntfy, right = Ntfy(), {"id": "AbCdEfGh1234", "time": 1, "event": "message", "topic": "bell", "message": "Ring"}
    wrong: list[dict[str, object]] = [{"id": 5}, {"event": "text"}, {"text": "Ring"}, {"priority": 9}, {"tags": "bell"}]
    assert ntfy.line(right) == []
    assert [len(ntfy.line(right | one)) for one in wrong] == [1] * len(wrong)
    published: list[tuple[dict[str, object], int]] = [({"topic": "bell", "markdown": True}, 0), ({"message": "x"}, 1)]
    for body, faults in published:
        request = Request(platform="ntfy", method="POST", path="/", query={}, body=body)
        assert len(ntfy.request(request) or []) == faults
    refusals: list[tuple[int, object, int]] = [
        (429, {"code": 42901, "http": 429, "error": "limit"}, 0),
        (429, {"code": 40101, "http": 429, "error": "limit"}, 1),
        (403, {"detail": "no"}, 4),
        (403, b"<html>", 1),
    ]
    for status, said, faults in refusals:
        answer = Answer(platform="ntfy", method="POST", path="/", status=status, body=said)
        assert len(ntfy.answer(answer) or []) == faults


def test_where_the_descriptions_are(tmp_path: Path) -> None:
    """Somebody would believe the doubles are checked, or in a worktree nothing be."""
    main, worktree, specs = tmp_path / "main", tmp_path / "wt" / "one", tmp_path / "shared" / "specs"
    for made in (main / ".git" / "worktrees" / "one", worktree, specs):
        made.mkdir(parents=True)
    (worktree / ".git").write_text(f"gitdir: {main}/.git/worktrees/one\n")
    assert folder(main, {}) is None
    for name in KINDS:
        (specs / f"{name}.json").write_text("{}")
    assert folder(main, {}) == folder(worktree, {}) == specs
    assert folder(tmp_path, {"BACH_SPECS": str(specs)}) == specs
    assert folder(main, {"BACH_SPECS": str(tmp_path)}) is None


# -- with the real descriptions --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def descriptions() -> Mapping[str, object]:
    """The platforms' own, where they are; the summary of the run says it if they are not."""
    place = folder(ROOT)
    if place is None:
        pytest.skip("the platforms' descriptions are not here")
    return read(place)


@pytest.fixture
def witness(descriptions: Mapping[str, object]) -> Iterator[DescribedPlatforms]:
    """A witness of our own, so that what is wrong on purpose fails nobody."""
    before = Loopback.witness
    Loopback.witness = own = DescribedPlatforms(descriptions)  # type: ignore[arg-type]
    yield own
    Loopback.witness = before


MESSAGE = {"message_id": 1, "chat": {"id": 42, "type": "private"}, "date": 1, "text": "x"}
HOOK = "/api/v10/webhooks/1/secret"
REQUESTS: list[tuple[Request, str | None]] = [
    (
        Request(platform="telegram", method="POST", path="/bot1:x/sendMessage", query={}, body=body),
        fault,
    )
    for body, fault in (
        ({"chat_id": "42", "text": "x", "disable_notification": "True"}, None),
        ({"chat_id": "42", "text": "x", "reply_parameters": '{"message_id": 8}'}, None),
        ({"chat_id": "42"}, "'text' is missing"),
        ({"chat_id": "42", "text": "x", "silent": "true"}, "'silent' is unknown"),
        ({"chat_id": "42", "text": "x", "disable_notification": "sure"}, "is no boolean"),
        ({"chat_id": "42", "text": "x", "reply_parameters": '{"id": 8}'}, "'id' is unknown"),
        ({"chat_id": "42", "text": "x", "message_thread_id": "seven"}, "is no integer"),
    )
] + [
    (Request(platform="telegram", method="POST", path="/bot1:x/sendMassage", query={}), "there is no method"),
    (
        Request(platform="telegram", method="POST", path="/bot1:x/sendPhoto", query={}, body={"chat_id": "4"}),
        "'photo' is missing",
    ),
    (Request(platform="discord", method="POST", path=HOOK, query={"wait": "true"}, body={"content": "x"}), None),
    (Request(platform="discord", method="POST", path=HOOK, query={"wiat": "true"}, body={"content": "x"}), "no such"),
    (Request(platform="discord", method="POST", path=HOOK, query={}, body={"contents": "x"}), "'contents' is unknown"),
    (Request(platform="discord", method="POST", path=HOOK, query={}, body={"content": 5}), "5 is no string"),
    (Request(platform="discord", method="PUT", path=HOOK, query={}), "there is no call"),
    (Request(platform="discord", method="POST", path=HOOK, query={}, body={}, files=frozenset({"files[0]"})), None),
    (
        Request(platform="discord", method="POST", path=HOOK, query={}, body={}, files=frozenset({"f"})),
        "'f' is unknown",
    ),
    (
        Request(platform="discord", method="POST", path="/api/users/@me/channels", query={}, body={"recipient_id": 7}),
        None,
    ),
    (Request(platform="signal", method="POST", path="/v2/send", query={}, body={"message": "x"}), "is missing"),
    (Request(platform="signal", method="GET", path="/v3/about", query={}), "there is no call"),
]


@pytest.mark.parametrize(("request_", "fault"), REQUESTS)
def test_requests(witness: DescribedPlatforms, request_: Request, fault: str | None) -> None:
    """A connector could ask what no platform understands."""
    witness.asked(request_)
    assert witness.counts["requests"] == 1
    _expect(witness, fault)


def _telegram(body: object, status: int = 200, method: str = "sendMessage") -> Answer:
    return Answer(platform="telegram", method="POST", path=f"/bot1:x/{method}", status=status, body=body)


def _discord(body: object, status: int = 200) -> Answer:
    return Answer(platform="discord", method="GET", path="/api/v10/gateway/bot", status=status, body=body)


def _signal(body: object, status: int = 200, path: str = "/v1/about") -> Answer:
    return Answer(platform="signal", method="GET", path=path, status=status, body=body)


_GATEWAY = {
    "url": "wss://x",
    "shards": 1,
    "session_start_limit": {"total": 1, "remaining": 1, "reset_after": 0, "max_concurrency": 1},
}
_ABOUT = {"versions": [], "build": 2, "mode": "json-rpc", "version": "1", "capabilities": {}}
_NO = {"ok": False, "error_code": 400, "description": "Bad Request"}
ANSWERS: list[tuple[Answer, str | None]] = [
    (_telegram({"ok": True, "result": MESSAGE}), None),
    (_telegram({"ok": True, "result": MESSAGE | {"date": None}}), "date: None is no integer"),
    (_telegram({"ok": True, "result": {**MESSAGE, "photo": [{"file_id": "a"}]}}), "'width' is missing"),
    (_telegram({"ok": True, "result": True}), "is no object"),
    (_telegram({"ok": True}), "'result' is missing"),
    (_telegram(_NO, 400), None),
    (_telegram(_NO, 403), "the status is 403"),
    (_telegram(_NO | {"parameters": {"wait": 1}}, 400), "'wait' is unknown"),
    (_telegram(b"<html>", 502), "is no object"),
    (_telegram({"ok": True, "result": [{"update_id": 1, "massage": MESSAGE}]}, method="getUpdates"), "is unknown"),
    (
        _telegram({"ok": True, "result": {"status": "member", "user": {}}}, method="getChatMember"),
        "is missing",
    ),
    (_discord(_GATEWAY), None),
    (_discord(_GATEWAY | {"shards": "1"}), "shards: '1' is no integer"),
    (_discord({"message": "401: Unauthorized", "code": 0}, 401), None),
    (_discord({"message": "401: Unauthorized"}, 401), "'code' is missing"),
    (_discord({"message": "", "code": 0, "retry_after": 1.5, "global": False}, 429), None),
    (_discord({"message": "", "code": 0, "retry_after": 1.5}, 429), "'global' is missing"),
    (_signal(_ABOUT), None),
    (_signal({"mode": "json-rpc"}), "'build' is missing"),
    (_signal({"eror": "x"}, 400, "/v1/accounts"), "is missing"),
]


@pytest.mark.parametrize(("answer", "fault"), ANSWERS)
def test_answers(witness: DescribedPlatforms, answer: Answer, fault: str | None) -> None:
    """A double could answer what its platform never would."""
    witness.answered(answer)
    assert witness.counts["answers"] == 1
    _expect(witness, fault)


LINES: list[tuple[str, object, str | None]] = [
    ("discord", {"t": "RESUMED", "d": {}}, None),
    ("discord", {"t": "MASSAGE_CREATE", "d": {}}, "no event"),
    ("discord", {"t": "MESSAGE_CREATE", "d": {"id": "1"}}, "is missing"),
    ("signal", {"account": "+49", "envelope": {"timestamp": 1}}, "is missing"),
    ("signal", {"account": "+49", "envelope": {"timestamp": 1, "source": None}}, "is missing"),
]


@pytest.mark.parametrize(("platform", "line", "fault"), LINES)
def test_lines(witness: DescribedPlatforms, platform: str, line: object, fault: str | None) -> None:
    """What is said unasked could be anything."""
    witness.told(platform, line)
    assert witness.counts["updates"] == 1
    _expect(witness, fault)


def _expect(witness: DescribedPlatforms, fault: str | None) -> None:
    faults = witness.take()
    assert witness.counts["mismatches"] == len(faults)
    if fault is None:
        assert faults == []
    else:
        assert any(fault in one for one in faults), faults
    assert witness.take() == []


async def test_all_that_is_said_is_seen(witness: DescribedPlatforms, socket_enabled: None) -> None:
    """The middle of the double could be right, and what goes over the wire be anything."""
    async with TelegramServer() as server, ClientSession() as session:
        bot = server.add_bot("1:x")
        url = f"{server.url}/bot{bot.token}/getUpdates"
        server.push_update(bot, {"message": {"text": "no date"}})
        async with session.post(url, json={"limits": 5}) as response:
            json.loads(await response.read())
    faults = witness.take()
    assert "telegram, request: getUpdates: 'limits' is unknown" in faults
    assert "telegram, answer: getupdates.result[0].message: 'date' is missing" in faults
    assert (witness.counts["requests"], witness.counts["answers"]) == (1, 1)


def test_what_is_wrong_on_purpose(witness: DescribedPlatforms) -> None:
    """What a connector does with a broken answer could not be tested."""
    witness.are_requests_broken = witness.are_answers_broken = True
    witness.asked(REQUESTS[2][0])
    witness.answered(ANSWERS[1][0])
    witness.told(*LINES[1][:2])
    assert (witness.take(), witness.counts.total()) == ([], 0)
