"""Opens a reader at start: the model learned before from the same content and code, or one learned now."""

import asyncio
import hashlib
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import structlog

from bot.content import Content
from bot.content.parsed import Parsed
from bot.understanding import names
from bot.understanding.families import FOLDER, load_families
from bot.understanding.lesson import Lesson, lesson_of
from bot.understanding.model import Model, ModelError, read_model
from bot.understanding.reader import Reader

_ROOM = Path(__file__).parent
_LEARNED_BY = ("codes.py", "families.py", "features.py", "lesson.py", "model.py", "names.py", "text.py",
               "train.py")
_LEARNING_SECONDS = 600     # of patience with a slow machine; thirty are usual
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")  # of the environment: the rest holds secrets

_log = structlog.get_logger(__name__)


class LearningError(RuntimeError):
    """The learning process ended badly; the text is the last it said."""


def open_reader(content: Content, cache: Path, learning: Callable[[], None] = lambda: None) -> Reader:
    """A reader for this content; `cache` is a folder where models are kept (made if it can be).

    Takes some 50 ms with a kept model. Without one, `learning` is called and another process learns
    for 10 to 30 seconds; blocks meanwhile.
    """
    topics: defaultdict[str, list[str]] = defaultdict(list)
    for topic in content.topics.values():
        topics[topic.label].append(topic.id)
    model = kept_or_learned(lesson_of(content, Parsed(cache / "elsewhere")), cache, learning)
    return Reader(model, load_families(parsed=Parsed(cache / "families"), names=model.names), topics)


async def learn_aside(content: Content, cache: Path) -> None:
    """Have the model of this content in `cache`, where `open_reader` finds it at once; nothing waits meanwhile.

    Raises LearningError. When it is cancelled, learning stops.
    """
    lesson, folder = await asyncio.to_thread(lambda: (lesson_of(content).to_json(), str(cache.absolute())))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.understanding.learn_ahead", folder, cwd=_ROOM.parents[1],
        env=_environment(), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(_LEARNING_SECONDS):
            _, said = await process.communicate(lesson)
    except TimeoutError:
        raise LearningError(f"not learned within {_LEARNING_SECONDS} s") from None
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if process.returncode != 0:
        # One that is killed, for want of memory say, has said nothing.
        raise LearningError(said.decode(errors="replace")[-2000:] or f"learning ended with {process.returncode}")


def kept_or_learned(lesson: Lesson, cache: Path, learning: Callable[[], None] = lambda: None) -> Model:
    """The model of a lesson out of `cache`; learned where it is missing or broken, and kept if it can be.

    `learning` is told before the long wait.
    """
    path = cache / f"understanding-{_digest(lesson)}.npz"
    try:
        return read_model(path)
    except ModelError as error:
        _log.warning("understanding.broken_model", file=path.name, error=str(error.__cause__))
    except OSError:
        _log.info("understanding.learning", file=path.name)
    learning()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            fresh = Path(folder) / path.name
            _learn(lesson, fresh)
            # Renaming is atomic: another replica finds the whole file or none.
            return read_model(fresh.replace(path))
    except OSError as error:
        _log.warning("understanding.not_kept", folder=str(cache), error=str(error))
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / path.name
        _learn(lesson, fresh)
        return read_model(fresh)


def _digest(lesson: Lesson) -> str:
    """Changes when the phrases, the word families, the names or the code that learns from them change."""
    digest = hashlib.sha256(lesson.to_json())
    for path in [*(_ROOM / name for name in _LEARNED_BY), *sorted(FOLDER.glob("*.yaml")), *names.files()]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


def _learn(lesson: Lesson, path: Path) -> None:
    done = subprocess.run(  # noqa: S603  # our own module, run by our own interpreter
        [sys.executable, "-m", "bot.understanding.train", str(path.absolute())],
        input=lesson.to_json(),
        cwd=_ROOM.parents[1],
        env=_environment(),
        capture_output=True,
        timeout=_LEARNING_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise LearningError(done.stderr.decode(errors="replace")[-2000:])


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
