"""Names of what people have passwords, codes, locks and cards for that is not ours: services, systems, devices.

They ask about it in our own words, and that it is not ours shows by the name alone. `names/<lang>/<kind>.txt` has a
name a line, of one or two words; a language without a folder has none. What people also say of an account of ours
("phone", "login", "word") is not among them.
"""

from pathlib import Path

from bot.understanding.text import words

FOLDER = Path(__file__).parent / "names"

ANY_ENDING = 5      # letters from which a name takes any ending, as "Netflix" does in "netflixkontoen"


def files(folder: Path = FOLDER) -> list[Path]:
    return sorted(folder.glob("*/*.txt"))


def load_names(folder: Path = FOLDER) -> set[str]:
    """The names in skeleton spelling, a blank between two words."""
    return {" ".join(words(name)) for path in files(folder) for name in path.read_text("utf-8").splitlines()}
