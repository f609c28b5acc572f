"""Understanding: text in; language, topic with confidence and error code out; learned from the content.

    reader = open_reader(content, data_folder)      # at start
    reading = reader.read("æ har glømt passordet", hint="nb")
    reading.topic, reading.confidence, reading.sure     # "reset_password", 0.97, True
    reading.candidates, reading.answers                 # the three nearest labels, and their topics' ids
    reading.lang, reading.lang_confidence               # "nb", 0.99
    reading.error_code                                  # "SSPR_0014", or None

    found = ErrorFinder(content.errors.values()).find("det står SSPR_OO14")
    found.ids, found.sure                               # ("sspr_0014",), True

Nothing here imports scikit-learn but `train`, which runs in a process of its own when there is no model yet.
"""

from bot.understanding.known_errors import ErrorFinder, Found
from bot.understanding.lesson import OUT_OF_SCOPE
from bot.understanding.opening import LearningError, learn_aside, open_reader
from bot.understanding.reader import PASSWORD_ERROR, Reader, Reading

__all__ = [
    "OUT_OF_SCOPE", "PASSWORD_ERROR", "ErrorFinder", "Found", "LearningError", "Reader", "Reading",
    "learn_aside", "open_reader",
]
