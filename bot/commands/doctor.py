"""`doctor`: whether everything that is set will do."""

import sys

import click
import uvloop

from bot.doctor import Finding
from bot.looks import examined
from bot.settings import environment, look


@click.command(name="doctor")
def cli() -> None:
    """Check every setting and every outside service it names."""
    found = look(environment())
    remedy = "see `python app.py settings`"
    findings = [Finding("settings", False, problem, remedy) for problem in found.problems]
    findings += [] if findings else [Finding("settings", True, f"{found.settings.mode.value} mode")]
    # What is set is looked at, whatever else is missing.
    findings += uvloop.run(examined(found.settings))
    for finding in findings:
        click.echo(finding.line())
    sys.exit(0 if all(one.well for one in findings) else 1)
