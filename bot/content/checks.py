"""What must hold of the content before anybody is answered from it; a finding is one line for its writer."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from bot.content.files import Page
from bot.content.sentences import Sentence

AUDIENCES = ("user", "admin", "both")
TITLE_CHARACTERS = 40       # what a button of Teams shows on a phone
PHRASES = 12                # fewer teach the understanding nothing
SHARED = ("label", "audience", "journey", "related", "source")

Pages = Mapping[str, Mapping[str, Page]]  # by language, then by file name


def same_topics(pages: Pages, partly: frozenset[str] = frozenset()) -> Iterable[str]:
    """Every topic is there in every language, and is the same topic there; languages of `partly` may lack some."""
    ids = sorted({name for by_id in pages.values() for name in by_id})
    for topic in ids:
        have = [lang for lang in pages if topic in pages[lang]]
        yield from (f"{lang}/faq/{topic}.md: is missing" for lang in pages if lang not in {*have, *partly})
        first = pages[have[0]][topic]
        for lang in have[1:]:
            other = pages[lang][topic]
            for field in SHARED:
                if first.head.get(field) != other.head.get(field):
                    yield f"{other.where}: {field} differs from {first.where}"
            if _link_names(first.head) != _link_names(other.head):
                yield f"{other.where}: its links differ from those of {first.where}"


def good_page(
    page: Page, name: str, topics: set[str], links: set[str], actions: frozenset[str] | None,
) -> Iterable[str]:
    """One page by itself; `actions` are the journeys there are, None where nobody knows."""
    head = page.head
    yield from _fields(head, name)
    if not page.short:
        yield "has no answer"
    yield from _phrases(head.get("phrases"))
    if actions is not None and head.get("journey") and str(head["journey"]) not in actions:
        yield f"journey {head['journey']!r} is not one of {', '.join(sorted(actions))}"
    related = head.get("related") or []
    if not isinstance(related, list) or not all(map(_is_text, related)):
        yield "related is not a list of topics"
    else:
        yield from (f"related topic {other!r} does not exist" for other in related if other not in topics)
    named = _link_names(head)
    if named is None:
        yield "links is not a list of {name: ..., text: ...}"
    else:
        wanted = [*named, str(head["source"])] if head.get("source") else named
        yield from (f"link {link!r} is not in links.yaml" for link in wanted if link not in links)


def _fields(head: dict[str, Any], name: str) -> Iterable[str]:
    if head.get("id") != name:
        yield f"its id {head.get('id')!r} is not the file's name"
    for field in ("label", "title"):
        if not _is_text(head.get(field)):
            yield f"has no {field}"
    if len(str(head.get("title"))) > TITLE_CHARACTERS:
        yield f"its title is longer than {TITLE_CHARACTERS} characters"
    if head.get("audience") not in AUDIENCES:
        yield f"audience {head.get('audience')!r} is not one of {', '.join(AUDIENCES)}"


def _phrases(phrases: Any) -> Iterable[str]:
    if not isinstance(phrases, list) or not all(map(_is_text, phrases)):
        yield "its phrases are not a list of texts (one with a colon needs quotes)"
    elif len(phrases) < PHRASES:
        yield f"has {len(phrases)} phrases, fewer than {PHRASES}"


def good_date(page: Page, today: date | None) -> Iterable[str]:
    """`checked` is a day that has been."""
    checked = checked_on(page)
    if checked is None:
        yield f"checked {page.head.get('checked')!r} is not a date"
    elif today is not None and checked > today:
        yield f"checked {checked} is in the future"


def checked_on(page: Page) -> date | None:
    try:
        return date.fromisoformat(str(page.head.get("checked")))
    except ValueError:
        return None


def one_label_each(pages: Mapping[str, Page]) -> Iterable[str]:
    """In one language, no phrase stands under two labels: the understanding could not learn either."""
    seen: dict[str, Page] = {}
    for page in pages.values():
        for phrase in page.head.get("phrases") or []:
            other = seen.setdefault(str(phrase).casefold().strip(), page)
            if other.head.get("label") != page.head.get("label"):
                yield f"{page.where}: phrase {phrase!r} stands in {other.where} under another label"


def same_messages(messages: Mapping[str, Mapping[str, Sentence]]) -> Iterable[str]:
    """Every message is there in every language, with the same places."""
    for key in sorted({key for by_key in messages.values() for key in by_key}):
        have = [lang for lang in messages if key in messages[lang]]
        yield from (f"{lang}/messages: {key} is missing" for lang in messages if lang not in have)
        places = messages[have[0]][key].places
        for lang in have[1:]:
            if messages[lang][key].places != places:
                yield f"{lang}/messages: {key} has other places than in {have[0]}"


def good_links(links: Mapping[str, Mapping[str, str]]) -> Iterable[str]:
    """Every address is a whole https one: what a person is told to open can't be changed on the way."""
    for name, address in sorted({pair for by_name in links.values() for pair in by_name.items()}):
        if not _is_https(address):
            yield f"link {name!r}: {address!r} is not a https address"


def _is_https(address: str) -> bool:
    if not address.isascii() or any(character.isspace() or character in '<>"\\()' for character in address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and "." in (parts.hostname or "") and parts.port in (None, 443)
    except ValueError:
        return False


def _is_link(link: Any) -> bool:
    return isinstance(link, dict) and link.keys() == {"name", "text"} and all(map(_is_text, link.values()))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _link_names(head: dict[str, Any]) -> list[str] | None:
    links = head.get("links") or []
    if not isinstance(links, list) or not all(map(_is_link, links)):
        return None
    return [link["name"] for link in links]
