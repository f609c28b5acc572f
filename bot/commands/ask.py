"""`ask`: what the bot understands."""

import json
from pathlib import Path

import click

from bot.making.words import content_of, reader_of
from bot.settings import environment, look
from bot.understanding import Reader


@click.command(name="ask")
@click.argument("text", required=False)
@click.option("--batch", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="JSON Lines in UTF-8, each with a field text; prints one answer line for each, in the same order.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of words.")
def cli(text: str | None, batch: Path | None, as_json: bool) -> None:
    """Show what the bot understands by TEXT. Needs no server and no Redis.

    In a batch, an empty line and a text that is null are answered like an empty message: out_of_scope. A line that
    can't be read (not UTF-8, not a JSON object, no text, a text that isn't a string) stops the batch with exit code 2
    and the line's number; the answers before it are printed. Half a surrogate pair comes back as the escape it came as.
    """
    if (text is None) == (batch is None):
        raise click.UsageError("give either TEXT or --batch FILE")
    # Nothing here needs a service: settings that cannot be served with are no obstacle.
    settings = look(environment()).settings
    content = content_of(settings)
    reader = reader_of(settings, content)
    if batch is not None:
        # Lines of bytes end at line feeds only; lines of text would at U+2028 and its like too.
        with batch.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                click.echo(json.dumps(_understood(reader, _text_of(line, number)), ensure_ascii=False))
        return
    assert text is not None
    reading = reader.read(text)
    if as_json:
        click.echo(json.dumps(_understood(reader, text), ensure_ascii=False))
        return
    answer = content.topics[reading.answers[0]].texts[reading.lang]
    click.echo(f"{reading.topic} ({reading.confidence:.2f}, {reading.lang})\n\n{answer.short}")


def _understood(reader: Reader, text: str) -> dict[str, object]:
    reading = reader.read(text)
    return {"text": text, "topic": reading.topic, "confidence": round(reading.confidence, 4),
            "lang": reading.lang, "candidates": list(reading.candidates)}


def _text_of(line: bytes, number: int) -> str:
    """What to understand of one line of a batch; see `ask`. A byte order mark may stand before the first."""
    try:
        said = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
    except UnicodeDecodeError:
        raise click.UsageError(f"line {number} is not UTF-8") from None
    try:
        text = json.loads(said)["text"] if said else None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise click.UsageError(f"line {number} is not a JSON object with text") from None
    if text is None:
        return ""
    if not isinstance(text, str):
        raise click.UsageError(f"line {number}: text is not a string")
    return text
