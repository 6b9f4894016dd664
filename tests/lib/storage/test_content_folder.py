"""The folder beside a database: what is in files, once each, as long as a row names it or somebody is about to."""

import errno
import os
from hashlib import sha256
from pathlib import Path

import pytest

from bach_lib.storage import content_folder
from bach_lib.storage.content_folder import ContentFolder, folder_of

PICTURE = b"picture" * 1000


def named(content: bytes) -> str:
    """Its hash."""
    return sha256(content).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> ContentFolder:
    """One that is not there yet."""
    return ContentFolder(tmp_path / "bach.db-files")


def there(tmp_path: Path) -> list[str]:
    """The names of all files in it."""
    return sorted(one.name for one in (tmp_path / "bach.db-files").rglob("*") if one.is_file())


def test_it_lies_beside_the_database() -> None:
    """Whoever copies the database by its name would leave the pictures behind."""
    assert folder_of(Path("/config/bach.db")) == Path("/config/bach.db-files")


def test_what_was_written_is_read_and_nobody_else_may(folder: ContentFolder, tmp_path: Path) -> None:
    """The picture of the door would be another, or every account of the machine could look at it."""
    folder.write(named(PICTURE), PICTURE)
    assert folder.read(named(PICTURE)) == PICTURE
    assert there(tmp_path) == [named(PICTURE)]
    place = tmp_path / "bach.db-files" / named(PICTURE)[:2]
    assert [one.stat().st_mode & 0o777 for one in (place.parent, place, place / named(PICTURE))] == [
        0o700,
        0o700,
        0o600,
    ]


@pytest.mark.parametrize("damage", [b"", PICTURE[:-1], b"Picture" + PICTURE[7:], None])
def test_what_is_damaged_is_not_there_and_is_written_anew(
    folder: ContentFolder, tmp_path: Path, damage: bytes | None
) -> None:
    """Half a picture would be sent; and after that, every message with the same one would have half of it."""
    folder.write(named(PICTURE), PICTURE)
    place = tmp_path / "bach.db-files" / named(PICTURE)[:2] / named(PICTURE)
    if damage is None:
        place.unlink()
    else:
        place.write_bytes(damage)
    assert folder.read(named(PICTURE)) is None
    folder.write(named(PICTURE), PICTURE)
    assert folder.read(named(PICTURE)) == PICTURE


@pytest.mark.parametrize("digest", ["../../secrets.yaml", "", "earlier 1 0", "x" * 64])
def test_a_name_that_is_no_hash_leads_nowhere(folder: ContentFolder, tmp_path: Path, digest: str) -> None:
    """A row that somebody has changed would send the home's secrets, or delete them."""
    (tmp_path / "secrets.yaml").write_text("secret")
    (tmp_path / "bach.db-files").mkdir()
    assert folder.read(digest) is None
    folder.remove([digest])
    assert (tmp_path / "secrets.yaml").exists()


def test_all_of_it_is_on_the_disk_before_it_has_its_name(
    folder: ContentFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut a message would name a picture that is empty, or that is not there."""
    synced = list[tuple[str, list[str]]]()
    sync = os.fsync

    def note(file: int) -> None:
        synced.append((Path(f"/proc/self/fd/{file}").readlink().name, there(tmp_path)))
        sync(file)

    monkeypatch.setattr(os, "fsync", note)
    folder.write(named(PICTURE), PICTURE)
    [(unfinished, names)] = [one for one in synced if one[0].endswith(".part")]
    assert names == [unfinished]
    assert synced[-1] == (named(PICTURE)[:2], [named(PICTURE)]), "the folder last, with the name in it"


def test_a_full_disk_leaves_nothing(folder: ContentFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written would take the last room there is."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        folder.write(named(PICTURE), PICTURE)
    assert there(tmp_path) == []


def test_what_somebody_holds_stays(folder: ContentFolder, tmp_path: Path) -> None:
    """A message would be stored with a picture that the end of another one took away just then."""
    folder.hold([named(PICTURE)])
    folder.hold([named(PICTURE)])
    folder.write(named(PICTURE), PICTURE)
    folder.remove([named(PICTURE)])
    folder.sweep(set())
    folder.let_go([named(PICTURE)])
    folder.remove([named(PICTURE)])
    assert there(tmp_path) == [named(PICTURE)], "the other one holds it still"
    folder.let_go([named(PICTURE)])
    folder.remove([named(PICTURE), named(b"nobody's")])
    assert there(tmp_path) == []


def test_what_is_held_is_looked_at_once(folder: ContentFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A video to ten people would be read ten times before the first of them has it."""
    folder.hold([named(PICTURE)])
    folder.write(named(PICTURE), PICTURE)
    monkeypatch.setattr(content_folder, "_is_whole", None)  # would fail
    folder.write(named(PICTURE), PICTURE)
    folder.let_go([named(PICTURE)])
    with pytest.raises(TypeError):
        folder.write(named(PICTURE), PICTURE)


def test_what_nobody_names_is_swept(folder: ContentFolder, tmp_path: Path) -> None:
    """Each crash would leave a video for ever; or what somebody else has put there would be gone."""
    for content in (b"named", b"not named"):
        folder.write(named(content), content)
    place = tmp_path / "bach.db-files" / "aa"
    place.mkdir()
    (place / f".{named(PICTURE)}.0123abcd.part").write_bytes(b"half")
    (place / "README").write_text("of a person")
    (tmp_path / "bach.db-files" / "a file").write_text("the same")
    folder.sweep({named(b"named")})
    assert there(tmp_path) == sorted([named(b"named"), "README", "a file"])


def test_while_somebody_copies_it_nothing_goes_and_no_name_changes(folder: ContentFolder, tmp_path: Path) -> None:
    """Home Assistant's backup would fail, since a file vanished while it was read; or miss what it names."""
    folder.write(named(b"old"), b"old")
    folder.begin_copying()
    names = list[str]()

    def note(path: Path, content: bytes) -> None:
        names.append(path.name)
        write(path, content)

    write, content_folder._write = content_folder._write, note
    try:
        folder.write(named(PICTURE), PICTURE)
    finally:
        content_folder._write = write
    folder.remove([named(b"old")])
    folder.sweep(set())
    assert names == [named(PICTURE)]
    assert there(tmp_path) == sorted([named(PICTURE), named(b"old")])
    folder.end_copying()
    folder.sweep({named(PICTURE)})
    assert there(tmp_path) == [named(PICTURE)]
