"""Sealing: bound to purpose and owner, and keys that rotate (D1, D5)."""

import stat
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.store.sealed import KeyRing, kept_keys, new_key

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
RING = KeyRing([OLD])


@given(st.text(), st.binary())
def test_what_was_sealed_opens(owner: str, data: bytes) -> None:
    assert RING.open("purpose", owner, RING.seal("purpose", owner, data)) == data


def test_the_same_data_is_never_sealed_alike() -> None:
    assert len({RING.seal("p", "o", b"x") for _ in range(100)}) == 100


@pytest.mark.parametrize(("purpose", "owner"), [
    ("p", "other"), ("other", "o"), ("po", ""), ("", "po"), ("p", "")])
def test_a_swapped_record_does_not_open(purpose: str, owner: str) -> None:
    assert RING.open(purpose, owner, RING.seal("p", "o", b"x")) is None


def test_purpose_and_owner_do_not_run_into_each_other() -> None:
    names = ["", "1", "a", "a1", "1a", "11"]
    pairs = [(one, other) for one in names for other in names]
    for (purpose, owner), other in combinations(pairs, 2):
        assert RING.open(*other, RING.seal(purpose, owner, b"x")) is None


def test_altered_bytes_do_not_open() -> None:
    blob = RING.seal("p", "o", b"some data")
    for place in range(len(blob)):
        for bit in (1, 128):
            altered = bytearray(blob)
            altered[place] ^= bit
            assert RING.open("p", "o", bytes(altered)) is None
    for length in range(len(blob)):
        assert RING.open("p", "o", blob[:length]) is None
    assert RING.open("p", "o", blob + b"x") is None


@given(st.binary())
def test_foreign_bytes_do_not_open(blob: bytes) -> None:
    assert RING.open("p", "o", blob) is None


def test_keys_rotate() -> None:
    """A new key seals, the old one still opens; without it, or under a stranger's, nothing does."""
    before = RING.seal("p", "o", b"x")
    rotated = KeyRing([NEW, OLD])
    after = rotated.seal("p", "o", b"y")
    assert rotated.open("p", "o", before) == b"x"
    assert rotated.open("p", "o", after) == b"y"
    assert RING.open("p", "o", after) is None
    assert KeyRing([NEW]).open("p", "o", before) is None
    assert rotated.verify("p", b"data", RING.mac("p", b"data"))
    assert rotated.mac("p", b"data") == KeyRing([NEW]).mac("p", b"data")


def test_macs_belong_to_their_purpose_and_data() -> None:
    mac = RING.mac("p", b"data")
    assert RING.verify("p", b"data", mac)
    assert not RING.verify("q", b"data", mac)
    assert not RING.verify("p", b"other", mac)
    assert not RING.verify("p", b"data", mac[:-1])
    assert not RING.verify("p", b"data", b"")


def test_pseudonyms_are_stable_and_tell_nothing_apart_from_equality() -> None:
    assert RING.pseudonym("log", "kari") == RING.pseudonym("log", "kari")
    assert RING.pseudonym("log", "kari") not in {RING.pseudonym("x", "kari"), RING.pseudonym("log", "per")}
    assert KeyRing([NEW]).pseudonym("log", "kari") != RING.pseudonym("log", "kari")


@pytest.mark.parametrize("texts", [
    [], [""], ["short"], ["A" * 42], ["A" * 44], ["!" * 43], ["A" * 43, "A" * 43], ["A" * 43, "x"]])
def test_bad_keys_are_refused_without_being_told(texts: list[str]) -> None:
    with pytest.raises(SettingsError) as refused:
        KeyRing.parse(texts)
    assert "AAAA" not in str(refused.value)


def test_keys_in_text_form() -> None:
    padded = new_key()
    assert KeyRing.parse([padded.rstrip("=")]).mac("p", b"") == KeyRing.parse([f" {padded}\n"]).mac("p", b"")


def test_development_keeps_its_key(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = kept_keys(folder)
    assert kept_keys(folder) == first
    assert len(first) == 1
    KeyRing.parse(first)
    [path] = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    kept_keys(tmp_path)
    (tmp_path / "secret-keys").chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        kept_keys(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\x80"])
def test_a_damaged_file_of_keys_is_said_in_one_line(tmp_path: Path, content: bytes) -> None:
    kept_keys(tmp_path)
    (tmp_path / "secret-keys").write_bytes(content)
    with pytest.raises(SettingsError, match="put back a copy") as refused:
        kept_keys(tmp_path)
    assert "\n" not in str(refused.value)
    assert (tmp_path / "secret-keys").read_bytes() == content     # nothing that was sealed with it is given up
