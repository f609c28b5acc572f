"""`teams-package`: the app that an administrator uploads to Teams."""

from pathlib import Path

import click

from bot.errors import SettingsError
from bot.making.words import content_of
from bot.settings import environment, load
from bot.teams_app.package import About, App, package


@click.command(name="teams-package")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("keyturn-teams.zip"),
              show_default=True, help="Where to write it.")
@click.option("--app-version", default="1.0.0", show_default=True,
              help="Teams offers an update if this is higher than what is installed.")
@click.option("--developer", default="Keyturn", show_default=True, help="The developer that Teams names.")
@click.option("--website", default="", help="Your page about the service.  [default: the public address]")
@click.option("--privacy", default="", help="Your privacy page.  [default: the website]")
@click.option("--terms", default="", help="Your terms of use.  [default: the website]")
def cli(out: Path, app_version: str, developer: str, website: str, privacy: str, terms: str) -> None:
    """Write the app package for Teams: manifest, words in every language, icons.

    It is for the bot of MicrosoftAppId at KEYTURN_PUBLIC_URL, which have to be set.
    """
    settings = load(environment())
    website = website or f"{settings.base_url}/"
    app = App(
        settings.app_id, settings.base_url, app_version,
        About(developer, website, privacy or website, terms or website))
    packed = package(app, content_of(settings))
    try:
        out.write_bytes(packed)
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror}") from error
    click.echo(f"Wrote {out}. For single sign-on the bot's registration needs the application ID URI {app.resource}")
