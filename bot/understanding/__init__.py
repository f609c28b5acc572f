"""Understanding: text in; language, topic with confidence and error code out; learned from the content.

    reader = open_reader(content, data_folder)      # at start
    reading = reader.read("æ har glømt passordet", hint="nb")
    reading.topic, reading.confidence, reading.sure     # "reset_password", 0.97, True
    reading.candidates, reading.answers                 # the three nearest labels, and their topics' ids
    reading.lang, reading.lang_confidence               # "nb", 0.99
    reading.error_code                                  # "SSPR_0014", or None

Nothing here imports scikit-learn but `train`, which runs in a process of its own when there is no model yet.
"""

from bot.understanding.opening import LearningError, open_reader
from bot.understanding.reader import OUT_OF_SCOPE, Reader, Reading

__all__ = ["OUT_OF_SCOPE", "LearningError", "Reader", "Reading", "open_reader"]
