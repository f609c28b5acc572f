"""What files hold is kept between starts, and never believed where the files or the keeper changed."""

import hashlib
from pathlib import Path

import pytest

from bot.content.parsed import Parsed, Unreadable


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.yaml"
    path.write_text("ask: hva heter du?\nyes: [ja, jo]\n", encoding="utf-8")
    return path


@pytest.fixture
def kept(tmp_path: Path, words: Path) -> Path:
    """Where the value of `words` is kept by now."""
    path = tmp_path / "folder" / "kept"
    _read(words, path)
    return path


def _read(words: Path, kept: Path) -> object:
    parsed = Parsed(kept)
    value = parsed.yaml(words)
    parsed.keep()
    return value


def _change(kept: Path, old: bytes, new: bytes, *, well: bool) -> None:
    """Change what is kept; `well`, with the hash that belongs to it."""
    digest, _, lines = kept.read_bytes().partition(b"\n")
    assert old in lines
    lines = lines.replace(old, new)
    kept.write_bytes((hashlib.sha256(lines).hexdigest().encode() if well else digest) + b"\n" + lines)


def test_what_was_kept_spares_reading(words: Path, kept: Path) -> None:
    _change(kept, b"hva heter du?", b"was kept", well=True)
    assert _read(words, kept) == {"ask": "was kept", "yes": ["ja", "jo"]}


def test_a_changed_file_is_read_and_the_old_value_forgotten(words: Path, kept: Path) -> None:
    words.write_text("ask: hvem er du?\n", encoding="utf-8")
    assert _read(words, kept) == {"ask": "hvem er du?"}
    assert b"hva heter du?" not in kept.read_bytes()


@pytest.mark.parametrize("new", [b"hvem er du? ", b"", b'"', b"\xff\n\n"], ids=["words", "shorter", "no JSON", "bytes"])
def test_what_was_changed_is_not_believed(words: Path, kept: Path, new: bytes) -> None:
    _change(kept, b"hva heter du?", new, well=False)
    assert _read(words, kept) == {"ask": "hva heter du?", "yes": ["ja", "jo"]}
    _change(kept, b"hva heter du?", b"kept again", well=True)
    assert _read(words, kept) == {"ask": "kept again", "yes": ["ja", "jo"]}


@pytest.mark.parametrize("whole", [b"", b"\n", b"{}", bytes(range(256))])
def test_a_foreign_file_is_not_believed(words: Path, kept: Path, whole: bytes) -> None:
    kept.write_bytes(whole)
    assert _read(words, kept) == {"ask": "hva heter du?", "yes": ["ja", "jo"]}


def test_what_is_changed_after_reading_is_not_kept(words: Path, tmp_path: Path) -> None:
    parsed = Parsed(tmp_path / "kept")
    parsed.yaml(words)["ask"] = "ours"
    parsed.keep()
    assert _read(words, tmp_path / "kept") == {"ask": "hva heter du?", "yes": ["ja", "jo"]}


def test_where_nothing_can_be_kept_files_are_read(words: Path) -> None:
    for _ in range(2):
        assert _read(words, words / "no folder") == {"ask": "hva heter du?", "yes": ["ja", "jo"]}


def test_pages_have_front_matter_and_a_body(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_bytes(b"---\r\nid: page\r\n---\r\nFirst\r\nSecond\r\n")
    for _ in range(2):
        parsed = Parsed(tmp_path / "kept")
        assert parsed.page(page) == ({"id": "page"}, "First\nSecond")
        parsed.keep()


def test_what_cannot_be_read_is_said_each_time(words: Path, kept: Path) -> None:
    words.write_text("ask: 1\nask: 2\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(Unreadable, match="a key is given twice"):
            _read(words, kept)
