"""Who comes and goes: the bot itself, other people, and whole groups that become supergroups."""

from collections.abc import Mapping
from typing import Unpack

from bach_lib.testing.telegram.models import Bot, Chat
from bach_lib.testing.telegram.payloads import Person, incoming_message, person_json
from bach_lib.testing.telegram.platform import Platform

STATUSES = frozenset({"administrator", "creator", "kicked", "left", "member", "restricted"})
"""https://core.telegram.org/bots/api#chatmember"""

_MAY_MANAGE = (
    *("can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_change_info"),
    *("can_promote_members", "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories"),
)
_MAY_SEND = (
    *("can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos"),
    *("can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages", "can_edit_tag"),
    *("can_add_web_page_previews", "can_react_to_messages", "can_change_info", "can_invite_users"),
    *("can_pin_messages", "can_manage_topics"),
)
_RIGHTS: Mapping[str, Mapping[str, object]] = {
    "administrator": {"can_be_edited": False, "is_anonymous": False, **dict.fromkeys(_MAY_MANAGE, True)},
    "creator": {"is_anonymous": False},
    "kicked": {"until_date": 0},
    "restricted": {"is_member": True, "until_date": 0, **dict.fromkeys(_MAY_SEND, False)},
}
"""What the Bot API always says of such a member: an administrator may everything, who is restricted nothing."""


class Members(Platform):
    """The platform whose chats have members."""

    def change_bot(self, bot: Bot, *, chat_id: int, status: str, **person: Unpack[Person]) -> None:
        """A person lets the bot in ("member", "administrator") or out ("left", "kicked"; in a private chat: blocks it).

        Raises ValueError for an unknown chat or status.
        """
        chat = self._chat_with(chat_id, status)
        old = "kicked" if chat.refusal else "member"
        if status in {"left", "kicked"}:
            chat.kick() if chat.is_group else chat.block()
        else:
            chat.welcome()
        change = self._change(chat, bot.as_json(), old, status, person)
        bot.updates.push({"my_chat_member": change})

    def change_member(
        self, bot: Bot, *, chat_id: int, member_id: int, status: str, old_status: str = "left", **person: Unpack[Person]
    ) -> None:
        """Somebody comes, goes, or gets other rights. Raises ValueError for an unknown chat or status."""
        chat = self._chat_with(chat_id, status)
        member = person_json(member_id, {})
        change = self._change(chat, member, old_status, status, {"from_id": member_id, **person})
        bot.updates.push({"chat_member": change})

    def migrate(self, bot: Bot, *, chat_id: int, new_chat_id: int) -> Chat:
        """A group becomes a supergroup, which is returned; both say so. Raises ValueError for an unknown chat."""
        old = self._chat_with(chat_id, "member")
        old.upgrade(new_chat_id)
        new = self.add_chat(new_chat_id, type="supergroup", title=old.title or "Group")
        for chat, word, other in ((old, "migrate_to_chat_id", new.id), (new, "migrate_from_chat_id", old.id)):
            number = chat.take_message_id()
            chat.messages[number] = None
            message = incoming_message(chat, {word: other}, int(self.clock.now()), message_id=number)
            bot.updates.push({"message": {**message, "from": person_json(chat_id, {})}})
        return new

    def _chat_with(self, chat_id: int, status: str) -> Chat:
        if status not in STATUSES:
            raise ValueError(f"no such status; there are {', '.join(sorted(STATUSES))}")
        if chat_id not in self.chats:
            raise ValueError(f"no chat {chat_id}: add_chat comes first")
        return self.chats[chat_id]

    def _change(self, chat: Chat, user: dict[str, object], old: str, new: str, person: Person) -> dict[str, object]:
        return {
            "chat": chat.as_json(),
            "from": person_json(chat.id, person),
            "date": int(self.clock.now()),
            "old_chat_member": {"user": user, "status": old, **_RIGHTS.get(old, {})},
            "new_chat_member": {"user": user, "status": new, **_RIGHTS.get(new, {})},
        }
