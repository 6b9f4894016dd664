"""Looks up a chat that somebody has typed: its name and its kind, by `getChat`."""

from bach_lib.models import Candidate

_LONGEST = 128


def chat_found(recipient: str, answer: object) -> Candidate:
    """The place, by its title, or by the name of the person whose private chat it is."""
    match answer:
        case {"title": str(title)}:
            name = title
        case {"first_name": str(first), **rest}:
            name = f"{first} {rest.get('last_name') or ''}"
        case _:
            name = ""
    kind = answer.get("type") if isinstance(answer, dict) else None
    shown = " ".join(name.split())[:_LONGEST]
    return Candidate(recipient=recipient, title=shown or recipient, kind=kind if isinstance(kind, str) else "private")
