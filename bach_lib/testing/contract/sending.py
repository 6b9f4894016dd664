"""The suite's part about sending: arriving, order, every outcome, credentials, cancelling, closing."""

import asyncio
from typing import ClassVar

from bach_lib.connectors.capabilities import Capabilities
from bach_lib.connectors.completeness import lacking
from bach_lib.errors import InputError, InvalidRecipientError
from bach_lib.models import Fault, Identity
from bach_lib.outcomes import Dead, Retry, Scope, Uncertain, Wait
from bach_lib.testing.contract.platform import Platform
from bach_lib.testing.contract.scenario import a_message, check, code_of, expect, log, scenario, send, sent

_NONSENSE = ("", " ", "\n", "a\nb", "\0", "x" * 10_000)
_PLAIN = ("x_y *z* [a](b) `c` <d> & \\ 100 %", "Grüße 🚪 مرحبا", "line\n\nline")
_WAIT = 7


class Sending:
    """What every connector promises."""

    platform: ClassVar[type[Platform]]

    def test_the_class_is_complete(self) -> None:
        """A part of the contract that was forgotten would only show when it is needed."""
        connector = self.platform.connector
        expect(not lacking(connector), f"{connector.__name__} lacks a part of the contract", lacking(connector))
        told: object = connector.capabilities
        expect(isinstance(told, Capabilities), "capabilities are no Capabilities", told)

    def test_one_recipient_is_one_lane(self) -> None:
        """Messages to one recipient could overtake each other, because it is written in two ways."""
        platform = self.platform
        normalize = platform.connector.normalize_recipient
        normal = normalize(platform.recipient)
        for written in (normal, *platform.same_recipients):
            expect(normalize(written) == normal, f"{written!r} is {normal!r}, too", normalize(written))

    def test_nonsense_is_no_recipient(self) -> None:
        """A slip of the pen would be queued, and only fail when the alarm goes off."""
        for written in _NONSENSE:
            try:
                found = self.platform.connector.normalize_recipient(written)
            except InvalidRecipientError as error:
                expect(len(str(error)) < 1000, "the sentence is longer than anybody reads", str(error)[:100])
            else:
                expect(kept=False, words=f"{written[:20]!r} was taken for a recipient", seen=found[:20])

    @scenario
    async def test_rates_can_be_kept(self, platform: Platform) -> None:
        """The limiter would divide by zero, or never let a message through."""
        for key, rate in platform.connect().rates(platform.recipient).items():
            expect(bool(key), "the key of a rate names who shares it", key)
            possible = rate.count >= 1 and rate.per > 0 and (rate.burst is None or rate.burst >= 1)
            expect(possible, "nothing could ever be sent", rate)

    @scenario
    async def test_a_connector_without_what_it_needs(self, platform: Platform) -> None:
        """A forgotten token would only show when the first message fails."""
        try:
            platform.incomplete()
        except InputError:
            return
        expect(kept=False, words="a connection that lacks what it needs was taken: raise an InputError")

    @scenario
    async def test_making_one_needs_no_network(self, platform: Platform) -> None:
        """Without internet at boot, the connection would not even come into being."""
        await platform.go_away()
        connector = platform.connect()
        await connector.reset()
        await connector.close()

    @scenario
    async def test_a_message_arrives(self, platform: Platform) -> None:
        """Nothing would be delivered, or nobody could tell which message it became."""
        outcome = sent(await send(platform.connect(), a_message(platform)))
        expect(bool(outcome.remote_id), "nobody can tell which message it became", outcome)
        expect(not outcome.degraded, "nothing was lost on the way", outcome)
        expect(platform.texts() == ["The garage door is open"], "it did not arrive as it is", platform.texts())

    @scenario
    async def test_messages_arrive_in_order(self, platform: Platform) -> None:
        """The all-clear would come before the alarm."""
        connector, texts = platform.connect(), [f"Message {number}" for number in range(1, 4)]
        for number, text in enumerate(texts, start=1):
            sent(await send(connector, a_message(platform, text, number)))
        expect(platform.texts() == texts, "they stand in another order", platform.texts())

    @scenario
    async def test_plain_text_stays_as_it_is(self, platform: Platform) -> None:
        """Characters of entity ids and templates would be taken for markup."""
        connector = platform.connect()
        for number, text in enumerate(_PLAIN, start=1):
            sent(await send(connector, a_message(platform, text, number)))
        expect(platform.texts() == list(_PLAIN), "a text was changed", platform.texts())

    @scenario
    async def test_an_outage_blames_the_connection(self, platform: Platform) -> None:
        """An outage would use up the attempts of messages, and kill them."""
        connector = platform.connect()
        await platform.go_away()
        outcome = await send(connector, a_message(platform))
        expect(code_of(outcome) == "refused", 'the code of a refused connection is "refused"', outcome)
        expect(isinstance(outcome, Retry) and not outcome.written, "nothing was written", outcome)
        answer = await check(connector)
        expect(isinstance(answer, Fault) and answer.code == "refused", "the check does not notice", answer)

    @scenario
    async def test_refused_credentials_blame_the_connection(self, platform: Platform) -> None:
        """A revoked token would kill messages instead of asking for a new one."""
        connector = platform.connect(platform.wrong_secrets)
        outcome = await send(connector, a_message(platform))
        expect(code_of(outcome) == "auth_failed", 'the code of refused credentials is "auth_failed"', outcome)
        answer = await check(connector)
        if isinstance(answer, Fault):
            expect(answer.code == "auth_failed", 'the code of refused credentials is "auth_failed"', answer)
        else:
            expect(answer.accepted is None, "the check says that wrong credentials were accepted", answer)

    @scenario
    async def test_a_refusal_is_of_the_message(self, platform: Platform) -> None:
        """What can never be delivered would be tried for ever, or stop all others."""
        connector = platform.connect()
        if platform.refuse():
            outcome = await send(connector, a_message(platform))
            expect(isinstance(outcome, Dead), "the platform refused this message for good: Dead", outcome)
            sent(await send(connector, a_message(platform, "The next one", 2)))

    @scenario
    async def test_told_to_wait(self, platform: Platform) -> None:
        """The platform would be asked again at once, and lock us out."""
        connector = platform.connect()
        if platform.tell_to_wait(_WAIT):
            outcome = await send(connector, a_message(platform))
            if not isinstance(outcome, Wait):
                raise AssertionError(f"the platform asked to wait, and that is no failure: Wait, not {outcome!r}")
            expect(_WAIT - 1 <= outcome.seconds <= _WAIT + 1, f"it said {_WAIT} seconds", outcome.seconds)

    @scenario
    async def test_a_lost_answer_is_uncertain(self, platform: Platform) -> None:
        """A message that has arrived would be sent again, or be called lost."""
        connector = platform.connect()
        if not platform.lose_answer():
            return
        outcome = await send(connector, a_message(platform))
        expect(isinstance(outcome, Uncertain), "it was written and nobody answered: Uncertain", outcome)
        if connector.capabilities.idempotent:
            sent(await send(connector, a_message(platform)))
            expect(len(platform.texts()) == 1, "a repeated nonce arrived twice, so it is not idempotent")

    @scenario
    async def test_who_answers_in_its_place_says_nothing(self, platform: Platform) -> None:
        """A page of a proxy would be taken for the platform's word, and kill messages or call them sent."""
        connector = platform.connect()
        if platform.answer_for_it():
            outcome = await send(connector, a_message(platform))
            was_asked_before = isinstance(outcome, Retry) and outcome.scope is Scope.CONNECTION
            kept = isinstance(outcome, Uncertain) or was_asked_before
            expect(kept, "a page with a 502 is not the platform's answer: Uncertain", outcome)

    @scenario
    async def test_silence_after_writing_is_uncertain(self, platform: Platform) -> None:
        """A message that may have arrived would be repeated blindly, or waited for without end."""
        connector = platform.hasty()
        platform.fall_silent()
        outcome = await send(connector, a_message(platform))
        expect(isinstance(outcome, Uncertain), "it was written and nobody answered: Uncertain", outcome)

    @scenario
    async def test_who_we_are(self, platform: Platform) -> None:
        """The health check would fail, or a person could not tell one account from another."""
        answer = await check(platform.connect())
        expect(isinstance(answer, Identity), "the check fails though all is well", answer)
        expect(isinstance(answer, Identity) and bool(answer.id and answer.name), "who is it?", answer)

    @scenario
    async def test_cancelling_is_no_outcome(self, platform: Platform) -> None:
        """Stopping would hang, or a cancelled attempt count as a failure."""
        connector = platform.connect()
        platform.fall_silent()
        sending = asyncio.create_task(connector.send(a_message(platform)))
        await platform.until_asked()
        sending.cancel()
        [outcome] = await asyncio.gather(sending, return_exceptions=True)
        expect(isinstance(outcome, asyncio.CancelledError), "the cancellation was swallowed", outcome)

    @scenario
    async def test_secrets_stay_inside(self, platform: Platform) -> None:
        """Whoever reads a log, an event or a bug report could take over the account."""
        said: list[object] = []
        with log() as lines:
            for secrets in (platform.secrets, platform.wrong_secrets):
                connector = platform.connect(secrets)
                said += [connector, await send(connector, a_message(platform)), await check(connector)]
            await platform.go_away()
            said += [await send(connector, a_message(platform)), await check(connector)]
        for secret in (*platform.secrets.values(), *platform.wrong_secrets.values()):
            where = [one for one in (*map(repr, said), *lines) if secret in one]
            expect(not where, "a secret stands in a log, a repr or an outcome", where[:1])

    @scenario
    async def test_closing_releases_its_own_and_nothing_else(self, platform: Platform) -> None:
        """Removing a connection would leak sockets, or cut off every other connection."""
        connector = platform.connect()
        await send(connector, a_message(platform))
        await check(connector)
        await connector.close()
        await connector.close()
        expect(not platform.session.closed, "the shared session is not the connector's to close")
        expect(all(session.closed for session in platform.made), "a session of its own is still open")
