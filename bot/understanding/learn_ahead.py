"""Learns a model into the cache in a process of its own, so that a server that runs can go on answering.

`python -m bot.understanding.learn_ahead FOLDER` reads a Lesson as JSON on standard input. SIGTERM ends it, and leaves
nothing behind.
"""

import os
import signal
import sys
from pathlib import Path

from bot.understanding.lesson import Lesson
from bot.understanding.opening import kept_or_learned

_POLITE = 10    # niceness: people who are being answered go first


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.nice(_POLITE)
    kept_or_learned(Lesson.from_json(sys.stdin.buffer.read()), Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
