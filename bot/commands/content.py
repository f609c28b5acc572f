"""`content`: what those who write it want to know."""

import sys
from pathlib import Path

import click

from bot.clock import SharedClock, utc
from bot.content import ContentError
from bot.content.loading import FOLDER
from bot.content.proofreading import in_order, proofread, read_styles
from bot.making.words import content_of, reader_of
from bot.settings import environment, look
from bot.understanding.overlaps import overlaps
from bot.understanding.report import (
    RowsError,
    phrases_of,
    report,
    rows_of,
    share_right,
    understood,
    weakest_phrases,
)

_EVALUATION = Path(__file__).parents[2] / "tests" / "understanding" / "evaluation.jsonl"


@click.group(name="content")
def cli() -> None:
    """Check the content, and see how well it is understood."""


@cli.command(name="check")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def check_content(folder: Path | None) -> None:
    """List what is wrong with the content, or worth a look: languages that differ, style, length, links, phrases that
    two topics share, topics nobody would find.

    FOLDER is an organisation's own content to try instead of the one in use. Exits with 1 if anything is wrong.
    """
    settings = look(environment()).settings
    if folder:
        settings = settings.model_copy(update={"content": folder})
    content = content_of(settings)
    try:
        avoid = read_styles(FOLDER, settings.content_path)
    except ValueError as error:
        raise ContentError([str(error)]) from error
    findings = in_order([
        *proofread(content, avoid, utc(SharedClock().now()).date()),
        *overlaps(content, reader_of(settings, content))])
    for one in findings:
        click.echo(one.line())
    wrong = sum(one.wrong for one in findings)
    said = len(content.messages[content.languages[0]])
    click.echo(f"{len(content.topics)} topics, {len(content.errors)} errors, {said} messages in "
               f"{', '.join(content.languages)}: {wrong} wrong, {len(findings) - wrong} worth a look")
    sys.exit(1 if wrong else 0)


@cli.command(name="report")
@click.argument("file", default=_EVALUATION, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--aim", type=click.FloatRange(0, 100), help="Percent; exit with 1 if any language has fewer right.")
def report_content(file: Path, aim: float | None) -> None:
    """Show how well messages are understood: by language and kind, what is mistaken for what, the weakest.

    FILE has messages with known labels: JSON Lines with text, label, lang. Default: the project's own evaluation set.
    """
    settings = look(environment()).settings
    content = content_of(settings)
    try:
        rows = rows_of(file, {topic.label for topic in content.topics.values()})
    except RowsError as error:
        raise click.UsageError(f"{file}: {error}") from error
    reader = reader_of(settings, content)
    found = understood(reader, rows)
    for line in report(found):
        click.echo(line)
    click.echo()
    for line in weakest_phrases(phrases_of(content, reader)):
        click.echo(line)
    short = [lang for lang in content.languages if aim is not None
             and (spoken := [one for one in found if one.row.lang == lang]) and 100 * share_right(spoken) < aim]
    sys.exit(1 if short else 0)
