"""`make bench`: Keyturn beside the stock bots, in turns on one core, and what is wanted of it.

A turn lasts from the POST of a message until its HTTP answer and its reply are there. Bots run on one core and the
load generator on another, where there is one. Times differ between machines and the targets fail nothing: the exit
status is 1 only when a turn failed or was answered wrongly. By CPU means CPU time a turn, which a busy machine
disturbs less.
"""

import argparse
import gc
import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import uvloop

from bot.content import load_content
from bot.understanding import open_reader
from tests.bench.peers import DidNotStart
from tests.bench.report import TARGET_HEADS, table
from tests.bench.sections import FULL, MODELS, QUICK, SECTIONS, Bench, say


def cores() -> tuple[int | None, int | None]:
    """One for the bots and one for us; none where they cannot be chosen."""
    if not hasattr(os, "sched_setaffinity"):
        return None, None
    ours = sorted(os.sched_getaffinity(0))
    return ours[0], ours[-1]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION",
                        help=f"only these of: {', '.join(SECTIONS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="shorter rounds, and fewer")
    parser.add_argument("--users", help="how many at once in the section echo, such as 1,16,64 (default: 16)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    chosen = parser.parse_args()
    if unknown := set(chosen.sections) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    return chosen


def main() -> int:
    chosen = arguments()
    base = QUICK if chosen.quick else FULL
    users = tuple(int(one) for one in chosen.users.split(",")) if chosen.users else base.users
    core, own = cores()
    content = load_content()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(content, open_reader(content, MODELS), Path(folder),
                      replace(base, users=users), core)
        if own is not None:
            os.sched_setaffinity(0, {own})
        gc.freeze()
        gc.disable()    # The load generator must not pause on its own account.
        try:
            uvloop.run(bench.run(chosen.sections or list(SECTIONS)))
        except DidNotStart as error:
            bench.failures[f"did not start: {error}"] += 1
    say(table(TARGET_HEADS, [one.cells() for one in bench.targets]))
    if chosen.json:
        chosen.json.write_text(json.dumps(
            {"targets": [one.plain() for one in bench.targets], "turns": bench.rows}, indent=2) + "\n")
    for why, often in bench.failures.items():
        say(f"FAILED {often} x {why}\n")
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
