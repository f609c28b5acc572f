"""Bot Framework is loaded without what stalls on long texts (C9, N1)."""

import subprocess
import sys


def _run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_no_recogniser_is_loaded() -> None:
    names = _run("import sys, bot.serving.desk; print(*sys.modules)").split()
    assert "botbuilder.dialogs" in names
    assert not [name for name in names if name.startswith("recognizers_")]


def test_a_stock_prompt_that_recognises_says_why_it_cannot() -> None:
    assert "without Bot Framework's recognisers" in _run(
        "import bot.framework\n"
        "from botbuilder.dialogs.prompts.confirm_prompt import recognize_boolean\n"
        "try: recognize_boolean('yes', 'en')\n"
        "except NotImplementedError as error: print(error)")
