"""What people do on the Discord double: write, edit, react, press buttons."""

from collections.abc import Collection
from secrets import token_urlsafe

from bach_lib.testing.discord import payloads
from bach_lib.testing.discord.models import Attachment, Channel, Interaction, Message, User
from bach_lib.testing.discord.platform import Platform


class People(Platform):
    """A platform with people in it. Who listens at the gateway learns of what they do."""

    def write(
        self,
        channel: Channel,
        text: str,
        author: User,
        *,
        attachments: Collection[Attachment] = (),
        reply_to: Message | None = None,
    ) -> Message:
        """Somebody writes."""
        message = Message(
            id=self.snowflakes.take(),
            channel=channel,
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

    def press(self, message: Message, custom_id: str, user: User) -> Interaction:
        """Somebody presses a button; only the bot that sent it learns of that. Raises ValueError if there is none."""
        if custom_id not in buttons_of(message):
            raise ValueError(f"no button {custom_id!r}")
        interaction = Interaction(
            id=self.snowflakes.take(), token=token_urlsafe(64), custom_id=custom_id, message=message, user=user
        )
        self.interactions[interaction.id] = interaction
        body = payloads.interaction(interaction, self.url)
        author = [bot for bot in self.bots.values() if bot.user is message.author]
        self.gateway.dispatch("INTERACTION_CREATE", lambda *_: body, author, channel=message.channel)
        return interaction


def buttons_of(message: Message) -> list[str]:
    """The `custom_id`s of a message's buttons."""
    found: list[str] = []
    for row in message.components:
        match row:
            case {"components": list(buttons)}:
                found += [str(button["custom_id"]) for button in buttons if "custom_id" in button]
    return found
