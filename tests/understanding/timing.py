"""What reading a message costs: `python -m tests.understanding.timing`. Nothing asserts: machines differ."""

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from bot.content import load_content
from bot.understanding import ErrorFinder, open_reader
from tests.understanding.figures import EVALUATION, rows_of

KIB_28 = 28 * 1024

HEAVY = {
    "one long word": "a" * KIB_28,
    "long varied word": "".join(chr(97 + (at * 7 + at // 26) % 26) for at in range(KIB_28)),
    "words": ("jeg har glemt passordet til kontoen min og telefonen er borte " * 1000)[:KIB_28],
    "short words": "å i a e " * (KIB_28 // 8),
    "emoji": "😀👍🏽🙏" * (KIB_28 // 4),
    "lone surrogates": "\ud800\udfff" * (KIB_28 // 2),
    "right to left": "\u202e\u200fסיסמה " * (KIB_28 // 8),
    "zero width": "p\u200ba\u200bs\u200bs\u200b" * (KIB_28 // 8),
    "control characters": "".join(map(chr, range(32))) * (KIB_28 // 32),
    "combining marks": "e\u0301\u0327\u0323" * (KIB_28 // 4),
    "expanding ligatures": "\ufdfa" * KIB_28,
    "digits": "0" * KIB_28,
    "almost codes": "aadsts aadsts:1 sspr_ 0x8007 data 52 " * (KIB_28 // 37),
    "no-break spaces": "\u00a0" * KIB_28,
    "ideographs": "密码忘记" * (KIB_28 // 4),
    "punctuation": "'-_.,!?" * (KIB_28 // 7),
}


def per_message(read: Callable[[str], object], texts: list[str], rounds: int = 5) -> list[float]:
    """CPU microseconds of each reading."""
    costs = []
    for _ in range(rounds):
        for text in texts:
            begun = time.process_time_ns()
            read(text)
            costs.append((time.process_time_ns() - begun) / 1000)
    return costs


def main() -> None:
    content = load_content()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        open_reader(content, Path(folder))
        learned = time.perf_counter()
        reader = open_reader(content, Path(folder))
        opened = time.perf_counter()
    out = sys.stdout.write
    out(f"learning {learned - begun:.2f} s, opening a kept model {(opened - learned) * 1000:.0f} ms\n")
    texts = [row["text"] for row in rows_of(EVALUATION)]
    finder = ErrorFinder(content.errors.values())
    for what, read in (("reading", partial(reader.read, hint="nb")), ("finding errors in", finder.find)):
        costs = per_message(read, texts)
        out(f"{what} a message: median {median(costs):.0f} us, p99 {quantiles(costs, n=100)[98]:.0f} us\n")
        for name, text in HEAVY.items():
            out(f"{what} 28 KiB of {name}: {max(per_message(read, [text])) / 1000:.1f} ms\n")


if __name__ == "__main__":
    main()
