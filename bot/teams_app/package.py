"""The app package that an IT department uploads to Teams: manifest, words in every language, icons."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from bot.content import Content
from bot.errors import SettingsError

SCHEMA_VERSION = "1.30"
ACCENT = "#0b6b5f"
COLOUR, OUTLINE = "color.png", "outline.png"
COMMANDS = ("reset", "change", "unlock", "register", "status", "person", "help")
"""What Teams offers beside the box to write in, in this order: content `teams_app.<one>.title` and `.about`."""

_SCHEMAS = f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA_VERSION}"
_GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_VERSION = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}")
_LONGEST = {"name.short": 30, "name.full": 100, "description.short": 80, "description.full": 4000}
_LONGEST_TITLE, _LONGEST_ABOUT = 128, 4000
_LONGEST_DEVELOPER = 32
_EPOCH = (1980, 1, 1, 0, 0, 0)     # the same input makes the same file


@dataclass(frozen=True, slots=True)
class About:
    """Whose app it is, and where its pages about privacy and terms are; each has to be named."""

    developer: str
    website: str
    privacy: str
    terms: str


@dataclass(frozen=True, slots=True)
class App:
    """What one installation's package says. `app_id` is the bot registration's, `base_url` the public address."""

    app_id: str
    base_url: str
    version: str
    about: About

    def check(self) -> None:
        """Raises SettingsError, one line for each thing that Teams would refuse."""
        addresses = {"the website": self.about.website, "the privacy page": self.about.privacy,
                     "the terms": self.about.terms}
        problems = [] if _GUID.fullmatch(self.app_id) else [
            "MicrosoftAppId is missing, or no id of a registration: the package is for that one bot"]
        if urlsplit(self.base_url).scheme != "https":
            problems.append("KEYTURN_PUBLIC_URL must be https://: Teams opens pages of no other kind")
        if not _VERSION.fullmatch(self.version):
            problems.append(f"{self.version} is no version: give three numbers, as 1.0.0")
        if not 0 < len(self.about.developer) <= _LONGEST_DEVELOPER:
            problems.append(f"the developer's name has 1 to {_LONGEST_DEVELOPER} characters")
        problems += [f"{name} must be an https:// address" for name, url in addresses.items()
                     if not url.startswith(self.base_url)
                     and (urlsplit(url).scheme != "https" or not urlsplit(url).hostname)]
        if problems:
            raise SettingsError("\n".join(problems))

    @property
    def domain(self) -> str:
        return urlsplit(self.base_url).netloc

    @property
    def resource(self) -> str:
        """The application ID URI that the registration's own API has to have for single sign-on."""
        return f"api://{self.domain}/botid-{self.app_id.lower()}"


def package(app: App, content: Content) -> bytes:
    """The zip. Raises SettingsError for what Teams would refuse."""
    app.check()
    first, *others = content.languages
    words = {lang: dict(_words(content, lang)) for lang in content.languages}
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as zipped:
        files = {"manifest.json": _json(_manifest(app, first, others, words[first])),
                 **{f"{lang}.json": _json({"$schema": f"{_SCHEMAS}/MicrosoftTeams.Localization.schema.json",
                                           **words[lang]}) for lang in others},
                 **{name: (Path(__file__).parent / name).read_bytes() for name in (COLOUR, OUTLINE)}}
        for name, data in files.items():
            zipped.writestr(ZipInfo(name, _EPOCH), data, ZIP_DEFLATED)
    return packed.getvalue()


def _manifest(app: App, lang: str, others: list[str], words: Mapping[str, str]) -> dict[str, Any]:
    about = app.about
    return {
        "$schema": f"{_SCHEMAS}/MicrosoftTeams.schema.json",
        "manifestVersion": SCHEMA_VERSION,
        "version": app.version,
        "id": app.app_id.lower(),
        "developer": {"name": about.developer, "websiteUrl": about.website, "privacyUrl": about.privacy,
                      "termsOfUseUrl": about.terms},
        "localizationInfo": {
            "defaultLanguageTag": lang,
            "additionalLanguages": [{"languageTag": other, "file": f"{other}.json"} for other in others]},
        "name": {"short": words["name.short"], "full": words["name.full"]},
        "description": {"short": words["description.short"], "full": words["description.full"]},
        "icons": {"color": COLOUR, "outline": OUTLINE},
        "accentColor": ACCENT,
        "defaultInstallScope": "personal",
        # One-to-one only: what is done for an account is done nowhere else (I4).
        "bots": [{
            "botId": app.app_id.lower(), "scopes": ["personal"], "isNotificationOnly": False, "supportsFiles": False,
            "commandLists": [{"scopes": ["personal"], "commands": [
                {part: words[f"{_COMMANDS}[{number}].{part}"] for part in ("title", "description")}
                for number in range(len(COMMANDS))]}]}],
        "validDomains": [app.domain],
        "webApplicationInfo": {"id": app.app_id.lower(), "resource": app.resource},
    }


_COMMANDS = "bots[0].commandLists[0].commands"


def _words(content: Content, lang: str) -> Iterator[tuple[str, str]]:
    """Every text, by its place in the manifest. SettingsError for one that is too long for Teams."""
    def fitting(place: str, text: str, longest: int) -> tuple[str, str]:
        text = text.strip()
        if not 0 < len(text) <= longest:
            raise SettingsError(f"teams_app, {lang}: {place} has {len(text)} characters, Teams takes {longest}")
        return place, text

    for place, longest in _LONGEST.items():
        yield fitting(place, content.say(lang, f"teams_app.{place}"), longest)
    for number, one in enumerate(COMMANDS):
        place = f"{_COMMANDS}[{number}]"
        yield fitting(f"{place}.title", content.say(lang, f"teams_app.command.{one}.title"), _LONGEST_TITLE)
        yield fitting(f"{place}.description", content.say(lang, f"teams_app.command.{one}.about"), _LONGEST_ABOUT)


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
