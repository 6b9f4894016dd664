"""Strips invisible characters from addresses before their platform's form is looked for.

Who copies a number out of an address book gets marks of direction with it, and a phone's keyboard may write wide forms.
Characters that only look alike stay what they are: another letter may be another person.
"""

from unicodedata import category

_LONGEST = 500
"""Characters; no address has more, and what is none need not be looked through."""
_WIDE = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | dict.fromkeys((0x00A0, 0x202F, 0x2007, 0x3000), " ")


def tidy(recipient: str) -> str:
    """The address without blanks around it and without signs that nobody sees, in narrow characters."""
    if len(recipient) > _LONGEST or recipient.isascii():
        return recipient.strip()
    return "".join(one for one in recipient.translate(_WIDE) if category(one) != "Cf").strip()
