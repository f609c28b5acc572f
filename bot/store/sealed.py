"""Encrypts what is stored and binds it to its owner: Redis holds nothing readable or exchangeable (D1)."""

import base64
import binascii
import hmac
import os
import secrets
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import SettingsError

KEY_BYTES = 32
_VERSION = b"\x01"
_ID_BYTES = 4
_NONCE_BYTES = 12
_HEAD_BYTES = len(_VERSION) + _ID_BYTES + _NONCE_BYTES


class KeyRing:
    """Secret keys, newest first: the newest seals, each of them opens, so keys rotate without loss (D5).

    Every purpose has sub-keys of its own (HKDF), so that a record of one kind never passes for another.
    A sealed blob is: version, key id, nonce, AES-256-GCM ciphertext.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise SettingsError(f"secret keys must be {KEY_BYTES} bytes each, and there must be one")
        self._keys = {_derive(key, "key id", _ID_BYTES): key for key in keys}
        if len(self._keys) != len(keys):
            raise SettingsError("KEYTURN_SECRET_KEYS: the same secret key is given twice")
        self._newest = next(iter(self._keys))
        self._ciphers: dict[tuple[bytes, str], tuple[AESGCM, bytes]] = {}
        self._mac_keys: dict[tuple[bytes, str], bytes] = {}

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Self:
        """From the text form of keys: base64url, newest first. Raises SettingsError."""
        return cls([_from_text(text) for text in texts])

    def seal(self, purpose: str, owner: str, data: bytes) -> bytes:
        """Encrypt `data` so that it opens only for the same purpose and owner."""
        cipher, bound_to = self._cipher(self._newest, purpose)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = cipher.encrypt(nonce, data, bound_to + owner.encode("utf-8", "surrogatepass"))
        return b"".join((_VERSION, self._newest, nonce, sealed))

    def open(self, purpose: str, owner: str, blob: bytes) -> bytes | None:
        """What was sealed; None when it was altered, is another's, or of an unknown version or key."""
        key_id = blob[1:1 + _ID_BYTES]
        if blob[:1] != _VERSION or len(blob) < _HEAD_BYTES or key_id not in self._keys:
            return None
        cipher, bound_to = self._cipher(key_id, purpose)
        nonce, sealed = blob[1 + _ID_BYTES:_HEAD_BYTES], blob[_HEAD_BYTES:]
        try:
            return cipher.decrypt(nonce, sealed, bound_to + owner.encode("utf-8", "surrogatepass"))
        except InvalidTag:
            return None

    def mac(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA256 of `data` under the newest key; compare with `verify`, which knows the older ones."""
        return hmac.digest(self._mac_key(self._newest, purpose), data, sha256)

    def verify(self, purpose: str, data: bytes, mac: bytes) -> bool:
        """Whether any key of the ring made this MAC of `data`; in constant time for each key."""
        return any(
            hmac.compare_digest(hmac.digest(self._mac_key(key_id, purpose), data, sha256), mac)
            for key_id in self._keys)

    def pseudonym(self, purpose: str, text: str) -> str:
        """A name (32 hex characters) that only holders of the newest key can link to `text`.

        It changes when a new key comes: fit for logs, unfit to find stored records by.
        """
        return self.mac(f"pseudonym {purpose}", text.encode("utf-8", "surrogatepass")).hex()[:32]

    def _cipher(self, key_id: bytes, purpose: str) -> tuple[AESGCM, bytes]:
        """A purpose's cipher under a key, and what its ciphertexts are bound to, but for the owner's name behind it."""
        found = self._ciphers.get((key_id, purpose))
        if found is None:
            found = AESGCM(_derive(self._keys[key_id], f"seal {purpose}", KEY_BYTES)), _bound_to(purpose)
            self._ciphers[key_id, purpose] = found
        return found

    def _mac_key(self, key_id: bytes, purpose: str) -> bytes:
        found = self._mac_keys.get((key_id, purpose))
        if found is None:
            found = _derive(self._keys[key_id], f"mac {purpose}", KEY_BYTES)
            self._mac_keys[key_id, purpose] = found
        return found


def new_key() -> str:
    """A fresh key in text form."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


_MENDED = "put back a copy of it, or remove the folder to begin anew"


def kept_keys(folder: Path, name: str = "secret-keys") -> list[str]:
    """The keys kept in `folder` (development mode only), in text form; a first one is made if there is none.

    Raises SettingsError when others than we may read them, or the file is damaged.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    try:
        # Made complete under another name and linked, so that nobody ever reads half a key.
        fresh = folder / f".{name}-{secrets.token_hex(8)}"
        if not path.exists():
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(new_key() + "\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                path.hardlink_to(fresh)
            except FileExistsError:
                pass    # Another process was first: its key counts.
            finally:
                fresh.unlink()
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"{path} may be read by others: chmod 600 it")
        if not (texts := path.read_text(encoding="ascii").split()):
            raise SettingsError(f"{path} is empty: {_MENDED}")
        return texts
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is damaged: {_MENDED}") from None
    except OSError as trouble:
        raise SettingsError(f"secret keys cannot be kept in {folder}: {trouble.strerror}") from trouble


def _from_text(text: str) -> bytes:
    bare = text.strip().rstrip("=")
    try:
        key = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(f"KEYTURN_SECRET_KEYS: a secret key is not {KEY_BYTES} bytes in base64url")
    return key


def _derive(key: bytes, info: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=f"keyturn {info}".encode()).derive(key)


def _bound_to(purpose: str) -> bytes:
    """What goes before the owner; the length in it keeps ("ab", "c") and ("a", "bc") apart."""
    return b"%s%d:%s" % (_VERSION, len(purpose), purpose.encode())
