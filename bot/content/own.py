"""The organisation's own content: a folder whose words go before those that are shipped.

    content/
      links.yaml                addresses in place of those of the shipped links.yaml, by name
      nb/faq/reset-password.md  an answer in place of the shipped one, or one more topic (then in every language)
      nb/messages/common.yaml   sentences in place of shipped ones; those that are not named stay
      sv/...                    one more language: every message; topics and errors it lacks are told in the first one

Phrases that people of IT add are beside it: `own_phrases`.
"""

from collections.abc import Mapping
from pathlib import Path

from bot.content.files import Files, read_yaml

LINKS = "links.yaml"


def own_links(folder: Path, addresses: Mapping[str, dict[str, str]], files: Files) -> None:
    """Replace addresses: `name: address` in every language, `name: {nb: address}` in those named."""
    where = f"{folder.name}/{LINKS}"
    named = read_yaml(folder / LINKS, where, files) if (folder / LINKS).exists() else {}
    for name, value in named.items():
        known = any(name in by_name for by_name in addresses.values())
        by_lang = value if isinstance(value, dict) else dict.fromkeys(addresses, value)
        if not known:
            files.problems.append(f"{where}: {name} is no link of the shipped links.yaml")
        for lang, address in by_lang.items() if known else ():
            if lang in addresses and isinstance(address, str):
                addresses[lang][name] = address
            else:
                files.problems.append(f"{where}: {name} has no address, or for a language there is not: {lang}")
