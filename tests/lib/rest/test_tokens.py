"""The token's file: made once, read by nobody else, and refused when it cannot be a secret any more."""

import stat
from pathlib import Path

import pytest

from bach_lib.errors import StoreFailedError
from bach_lib.rest import load_token


def test_it_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """Every restart would lock all programs out, or every account could read it."""
    path = tmp_path / "data" / "bach.db.token"
    token = load_token(path)
    assert len(token) >= 43
    assert load_token(path) == token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_token_others_can_read_is_refused(tmp_path: Path) -> None:
    """It would go on protecting nothing, and nobody would notice."""
    path = tmp_path / "token"
    load_token(path)
    path.chmod(0o644)
    with pytest.raises(StoreFailedError, match="chmod 600"):
        load_token(path)


@pytest.mark.parametrize("content", [b"", b"short", b"with a space in the middle", "ümläutümläutümläut".encode()])
def test_what_is_no_token_is_refused(tmp_path: Path, content: bytes) -> None:
    """An empty file would let everybody in who sends an empty token."""
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(StoreFailedError, match="no token"):
        load_token(path)


def test_a_folder_in_its_place_is_a_sentence(tmp_path: Path) -> None:
    """The first start would end in a traceback."""
    with pytest.raises(StoreFailedError):
        load_token(tmp_path)
