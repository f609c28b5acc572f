"""Loads the content folder once at start, or says everything that is wrong with it."""

from collections.abc import Mapping
from datetime import date
from itertools import chain
from pathlib import Path

from bot.content import checks
from bot.content.files import Files, Page, read_links, read_messages, read_pages
from bot.content.known_errors import good_errors, known_error, read_errors
from bot.content.model import Content, Texts, Topic, TopicText
from bot.content.own import own_links
from bot.content.parsed import Parsed

FIRST_LANGUAGE = "nb"
FOLDER = Path(__file__).parent


class ContentError(ValueError):
    """The content can't be answered from; `problems` has one line for each thing to put right."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("the content has problems:\n" + "\n".join(problems))
        self.problems = problems


def load_content(
    folder: Path | None = None,
    *,
    own: Path | None = None,
    actions: frozenset[str] | None = None,
    today: date | None = None,
    parsed: Parsed | None = None,
) -> Content:
    """Everything under `folder` (this package's own when None).

    `own` is the organisation's folder (see `bot.content.own`), which need not be there; `actions` are the
    journeys there are; `today` is what no topic may have been checked after. What is None is not checked.
    `parsed` is what spares reading files again.
    Raises ContentError.
    """
    root = folder or FOLDER
    own = own if own and own.is_dir() else None
    whole = _languages(root)
    languages = _languages(root, own) if own else whole
    partly = frozenset(languages) - frozenset(whole)
    files = Files(parsed or Parsed())
    problems = files.problems
    if not whole:
        problems.append(f"{root}: there is no language in it")
    pages = {lang: read_pages(root / lang, files) for lang in languages}
    messages = {lang: read_messages(root / lang, files) for lang in languages}
    addresses = read_links(root, languages, files, partly)
    if own:
        for lang in languages:
            pages[lang] |= read_pages(own / lang, files, f"{own.name}/")
            messages[lang] |= read_messages(own / lang, files, f"{own.name}/")
        own_links(own, addresses, files)
    problems += checks.same_topics(pages, partly)
    problems += checks.same_messages(messages)
    problems += checks.good_links(addresses)
    entries = read_errors(root, languages, files, own, partly)
    names = {name for by_name in addresses.values() for name in by_name}
    topic_ids = {name for by_id in pages.values() for name in by_id}
    for by_id in pages.values():
        problems += checks.one_label_each(by_id)
        for name, page in by_id.items():
            found = chain(
                checks.good_page(page, name, topic_ids, names, actions), checks.good_date(page, today))
            problems += (f"{page.where}: {problem}" for problem in found)
    problems += good_errors(entries, topic_ids, names)
    if problems:
        raise ContentError(problems)
    files.parsed.keep()
    ids = pages[languages[0]]
    topics = {name: _topic({lang: pages[lang][name] for lang in languages if name in pages[lang]}, addresses)
              for name in ids}
    errors = sorted((known_error(name, entry, addresses) for name, entry in entries.items()), key=lambda one: one.row)
    return Content(languages, topics, {one.id: one for one in errors}, messages, addresses)


def _languages(*roots: Path) -> tuple[str, ...]:
    found = {path.name for root in roots for path in root.iterdir()
             if (path / "faq").is_dir() or (path / "messages").is_dir()}
    return tuple(sorted(found, key=lambda lang: (lang != FIRST_LANGUAGE, lang)))


def _topic(pages: Mapping[str, Page], addresses: Mapping[str, Mapping[str, str]]) -> Topic:
    head = next(iter(pages.values())).head
    return Topic(
        id=head["id"],
        label=head["label"],
        audience=head["audience"],
        journey=head.get("journey") or None,
        related=tuple(head.get("related") or ()),
        source=head.get("source") or None,
        checked=min(day for page in pages.values() if (day := checks.checked_on(page))),
        texts=Texts({lang: _text(page, addresses[lang]) for lang, page in pages.items()}),
    )


def _text(page: Page, addresses: Mapping[str, str]) -> TopicText:
    return TopicText(
        title=page.head["title"].strip(),
        short=page.short,
        steps=page.steps,
        admin=page.admin,
        phrases=tuple(page.head["phrases"]),
        links=tuple((addresses[link["name"]], link["text"]) for link in page.head.get("links") or ()),
    )
