"""Making somebody's words harmless: bounded when they are taken in, encoded where they are shown (N1, N2)."""

import re

_MARKS = re.compile(r"([\\`*_{}\[\]()#|~!])")
_BEGINS_A_BLOCK = re.compile(r"(?m)^(?:([-+=])|(\d+)([.)]))")
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\n{3,}")


def plain(text: str, most: int) -> str:
    """At most so many characters of it, without what does not show, with single blanks and no margins."""
    shown = "".join(one if one.isprintable() or one == "\n" else " " for one in text[:most])
    lines = (line.strip() for line in _BLANKS.sub(" ", shown).split("\n"))
    return _LINES.sub("\n\n", "\n".join(lines)).strip()


def markdown(text: str) -> str:
    """Plain text as Markdown that shows just this text: no emphasis, links, headings, lists or HTML."""
    bare = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _BEGINS_A_BLOCK.sub(_unblocked, _MARKS.sub(r"\\\1", bare))


def quoted(text: str) -> str:
    """Plain text in a mail, every line marked, so that it cannot pass for what we wrote around it."""
    return "\n".join(f"> {line}" for line in text.splitlines())


def _unblocked(found: re.Match[str]) -> str:
    mark, number, after = found.groups()
    return f"\\{mark}" if mark else f"{number}\\{after}"
