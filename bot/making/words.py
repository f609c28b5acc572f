"""What is said, and how people are understood."""

from pathlib import Path

import click

from bot.content import Content, ContentError, load_content
from bot.content.loading import FOLDER
from bot.content.own_phrases import OwnPhrases, with_own
from bot.content.parsed import Parsed
from bot.errors import SettingsError
from bot.journeys import JOURNEYS
from bot.settings import Settings
from bot.understanding import Reader, open_reader

_LEARNING = "Learning to understand (about half a minute, only the first time) ..."


def content_of(settings: Settings) -> Content:
    """Raises ContentError, and SettingsError where the folder that is set is none."""
    if settings.content and not settings.content.is_dir():
        raise SettingsError(f"KEYTURN_CONTENT: {settings.content} is not a folder")
    own = OwnPhrases(settings.data_dir)
    content = load_content(own=settings.content_path, actions=frozenset(JOURNEYS),
                           parsed=Parsed(models_of(settings) / "content"))
    if settings.helpdesk_lang not in content.languages:
        raise ContentError([f"KEYTURN_HELPDESK_LANGUAGE: there is no content in {settings.helpdesk_lang}"])
    try:
        return with_own(content, own.all())
    except OSError as trouble:
        raise ContentError([f"{own.path}: {trouble.strerror}"]) from trouble


def content_places(settings: Settings) -> list[Path]:
    """Where what is said and understood comes from."""
    return [FOLDER, settings.content_path, OwnPhrases(settings.data_dir).path]


def models_of(settings: Settings) -> Path:
    return settings.data_dir / "understanding"


def reader_of(settings: Settings, content: Content) -> Reader:
    """Where nobody has learned from this content yet, that is said on stderr and takes half a minute."""
    return open_reader(content, models_of(settings), lambda: click.echo(_LEARNING, err=True))
