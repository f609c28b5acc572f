"""Files that pages are made of: served from memory, packed, kept by browsers until their content changes."""

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from aiohttp import web

from bot.pages.bundle import Bundle

_A_YEAR = "public, max-age=31536000, immutable"
_WORTH_PACKING = 600


@dataclass(frozen=True, slots=True)
class Asset:
    """One file; `packed` is its gzip form, empty where packing gains nothing."""

    plain: bytes
    packed: bytes
    kind: str

    @classmethod
    def of(cls, name: str, plain: bytes) -> "Asset":
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if kind.startswith("text/") or kind == "image/svg+xml":
            packed = gzip.compress(plain, 9, mtime=0) if len(plain) > _WORTH_PACKING else b""
        else:
            packed = b""
        return cls(plain, packed, kind)


class Assets:
    """A few files under `/static/<version>/`, where the version is made of their content."""

    def __init__(self, files: Mapping[str, Asset]) -> None:
        self._files = dict(files)
        digest = sha256()
        for name, asset in sorted(self._files.items()):
            digest.update(name.encode() + b"\0" + asset.plain + b"\0")
        self._folder = f"/static/{digest.hexdigest()[:16]}"

    @classmethod
    def read(cls, *folders: Path) -> "Assets":
        """All files of the folders."""
        return cls({path.name: Asset.of(path.name, path.read_bytes())
                    for folder in folders for path in folder.iterdir() if path.is_file()})

    def url(self, name: str) -> str:
        """Where a file is; KeyError when there is none of that name."""
        if name not in self._files:
            raise KeyError(name)
        return f"{self._folder}/{name}"

    def add_to(self, app: web.Application) -> None:
        app.add_routes(self.routes())

    def routes(self) -> list[web.RouteDef]:
        return [web.get(f"{self._folder}/{{name}}", self._serve)]

    async def _serve(self, request: web.Request) -> web.Response:
        asset = self._files.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        headers = {"Cache-Control": _A_YEAR, "Vary": "Accept-Encoding", "Content-Type": asset.kind}
        if asset.kind.startswith("text/"):
            headers["Content-Type"] += "; charset=utf-8"
        if asset.packed and "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return web.Response(body=asset.packed, headers=headers)
        return web.Response(body=asset.plain, headers=headers)


def served(bundle: Bundle, data_dir: Path) -> Assets | None:
    """What `bundle` was fetched; None where it never was."""
    if not bundle.present(data_dir):
        return None
    folder = bundle.folder(data_dir)
    packed = (folder / bundle.packed_script).read_bytes()
    return Assets({
        bundle.script: Asset(gzip.decompress(packed), packed, "text/javascript"),
        bundle.license: Asset.of(bundle.license, (folder / bundle.license).read_bytes())})
