"""Bodies in whatever charset their sender says, or does not say: read, or refused with a sentence."""

import json

import pytest

from bach_lib.connectors.webhook.bodies import UnreadableBodyError, read

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "iso-8859-1", "cp1252"])
def test_json_in_other_charsets(charset: str) -> None:
    """A sender that is not from today would be told that its body is no JSON."""
    body = json.dumps({"text": "Tür"}, ensure_ascii=False).encode(charset)
    assert read(f'{JSON}; charset="{charset.removesuffix("-sig")}"', body) == {"text": "Tür"}
    if charset in {"utf-8-sig", "utf-16", "utf-32"}:  # the mark of the byte order says so
        assert read(JSON, body) == {"text": "Tür"}


def test_a_form_in_another_charset() -> None:
    """Umlauts of an old device would be question marks."""
    assert read(f"{FORM}; charset=iso-8859-1", b"text=T%FCr") == {"text": "Tür"}


@pytest.mark.parametrize("charset", ["idna", "punycode", "undefined", "unicode_escape", "base64", "hex", "klingon"])
def test_what_is_no_charset_is_taken_for_utf_8(charset: str) -> None:
    """One header would end in an exception, and whoever wrote it would never learn what is wrong."""
    assert read(f"text/plain; charset={charset}", "T\\xfcr ü".encode()) == {"text": "T\\xfcr ü"}


def test_a_form_with_very_many_fields_is_refused() -> None:
    """The request would end in an exception."""
    with pytest.raises(UnreadableBodyError):
        read(FORM, b"&".join(b"a%d=1" % number for number in range(1000)))
