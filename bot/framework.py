"""Bot Framework's dialogs without the recognisers that its stock prompts bring along.

Our waterfalls use none of those prompts (C9), and the recognisers stall on long texts (N1). Loading
them all the same costs every start a seventh of its time and every process some 30 MB, so they are
left out: whoever should call one gets an error instead.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_UNUSED = ("recognizers_choice", "recognizers_date_time", "recognizers_number", "recognizers_text")


class _LeftOut(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing


class _Named(type):
    """So that names of languages, `Culture.Dutch`, can be read while the prompts are defined."""

    def __getattr__(cls, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return name


class _Nothing(metaclass=_Named):
    def __init__(self, *_args: object, **_options: object) -> None:
        raise NotImplementedError("Keyturn runs without Bot Framework's recognisers")


@contextmanager
def _without_recognisers() -> Iterator[None]:
    left_out = {name: _LeftOut(name) for name in _UNUSED if name not in sys.modules}
    sys.modules.update(left_out)
    try:
        yield
    finally:
        for name in left_out:
            del sys.modules[name]


with _without_recognisers():
    from botbuilder.dialogs import (
        Dialog,
        DialogContext,
        DialogInstance,
        DialogSet,
        DialogState,
        DialogTurnResult,
        DialogTurnStatus,
        WaterfallDialog,
        WaterfallStepContext,
    )

__all__ = ["Dialog", "DialogContext", "DialogInstance", "DialogSet", "DialogState", "DialogTurnResult",
           "DialogTurnStatus", "WaterfallDialog", "WaterfallStepContext"]
