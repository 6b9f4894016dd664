"""What people do on the Discord double: write, edit, react, press buttons."""

from collections.abc import Collection
from secrets import token_urlsafe

from bach_lib.testing.discord import payloads
from bach_lib.testing.discord.models import Attachment, Bot, Channel, Interaction, Message, User
from bach_lib.testing.discord.platform import Platform


class People(Platform):
    """A platform with people in it. Who listens at the gateway learns of what they do."""

    person: str = "@100000000000000042"
    """Who speaks where a test names nobody."""

    def says(
        self,
        text: str,
        *,
        sender: User | str | None = None,
        channel: Channel | None = None,
        attachments: Collection[Attachment] = (),
        reply_to: Message | None = None,
    ) -> Message:
        """Somebody writes, by default `person`; in a `channel`, or alone with the first bot.

        Who is named by a number that nobody has heard of is there from then on. Raises ValueError without any bot.
        """
        author = self._who(sender)
        message = Message(
            id=self.snowflakes.take(),
            channel=channel or self.direct(self._first_bot().user, author),
            author=author,
            content=text,
            created_at=self.clock.now(),
            type=19 if reply_to else 0,
            reply_to=reply_to.id if reply_to else None,
            attachments=list(attachments),
        )
        self.store(message)
        return message

    def attachment(
        self, filename: str, content: bytes, content_type: str | None = None, *, duration: float | None = None
    ) -> Attachment:
        """A file to write with; a voice message has a duration."""
        return Attachment(
            id=self.snowflakes.take(),
            filename=filename,
            content=content,
            content_type=content_type,
            duration=duration,
        )

    def edit(self, message: Message, text: str) -> None:
        """Somebody corrects what they wrote."""
        message.content = text
        message.edited_at = self.clock.now()
        self.tell_message("MESSAGE_UPDATE", message)

    def take_back(self, *messages: Message) -> None:
        """Somebody deletes these, of one channel; nobody is told who, nor whose they were."""
        channel, ids = messages[0].channel, [str(message.id) for message in messages]
        body: dict[str, object] = {"id": ids[0]} if len(ids) == 1 else {"ids": ids}
        body["channel_id"] = str(channel.id)
        if channel.guild is not None:
            body["guild_id"] = str(channel.guild.id)
        event = "MESSAGE_DELETE" if len(ids) == 1 else "MESSAGE_DELETE_BULK"
        self.gateway.dispatch(event, lambda *_: body, self.bots_at(channel), channel=channel)

    def react(self, message: Message, user: User, emoji: str, *, take_back: bool = False) -> None:
        """Somebody puts an emoji below a message, or takes it away."""
        who = message.reactions.setdefault(emoji, [])
        if take_back and user in who:
            who.remove(user)
        elif user not in who:
            who.append(user)
        body: dict[str, object] = {
            "user_id": str(user.id),
            "channel_id": str(message.channel.id),
            "message_id": str(message.id),
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
        }
        if message.channel.guild is not None:
            body["guild_id"] = str(message.channel.guild.id)
            if not take_back:
                body["member"] = payloads.member(user)
        if not take_back:
            body["message_author_id"] = str(message.author.id)
        event = "MESSAGE_REACTION_REMOVE" if take_back else "MESSAGE_REACTION_ADD"
        self.gateway.dispatch(event, lambda *_: body, self.bots_at(message.channel), channel=message.channel)

    def votes(
        self, message: Message, choice: int, *, sender: User | str | None = None, take_back: bool = False
    ) -> None:
        """Somebody chooses an answer of a poll, counted from 0, or takes that back."""
        body: dict[str, object] = {
            "user_id": str(self._who(sender).id),
            "channel_id": str(message.channel.id),
            "message_id": str(message.id),
            "answer_id": choice + 1,
        }
        if message.channel.guild is not None:
            body["guild_id"] = str(message.channel.guild.id)
        event = f"MESSAGE_POLL_VOTE_{'REMOVE' if take_back else 'ADD'}"
        self.gateway.dispatch(event, lambda *_: body, self.bots_at(message.channel), channel=message.channel)

    def presses(self, message: Message, label: str, *, sender: User | str | None = None) -> Interaction:
        """Somebody presses a button; only the bot that sent it learns of that. Raises ValueError if there is none.

        `label` is what is written on it, or its `custom_id`.
        """
        buttons = buttons_of(message)
        custom_id = next((one for one, written in buttons.items() if label in {one, written}), None)
        if custom_id is None:
            raise ValueError(f"no button {label!r}")
        interaction = Interaction(
            id=self.snowflakes.take(),
            token=token_urlsafe(64),
            custom_id=custom_id,
            message=message,
            user=self._who(sender),
        )
        self.interactions[interaction.id] = interaction
        body = payloads.interaction(interaction, self.origin)
        author = [bot for bot in self.bots.values() if bot.user is message.author]
        self.gateway.dispatch("INTERACTION_CREATE", lambda *_: body, author, channel=message.channel)
        return interaction

    def _first_bot(self) -> Bot:
        for bot in self.bots.values():
            return bot
        raise ValueError("no bot is there: add_bot comes first")

    def _who(self, sender: User | str | None) -> User:
        if isinstance(sender, User):
            return sender
        number = int((sender or self.person).removeprefix("@"))
        return self.users.get(number) or self.add_user(f"person_{number}", id=number)


def buttons_of(message: Message) -> dict[str, str]:
    """The `custom_id`s of a message's buttons, and what is written on them."""
    found: dict[str, str] = {}
    for row in message.components:
        match row:
            case {"components": list(buttons)}:
                found |= {str(one["custom_id"]): str(one.get("label", "")) for one in buttons if "custom_id" in one}
    return found
