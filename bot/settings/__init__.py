"""Every setting, read once from the environment or `.env`, checked before anything starts.

    settings = load(environment())      # or SettingsError with a line for each problem
    found = look(environment())         # whatever is wrong: found.settings, found.problems, found.lines
"""

from bot.settings.fitness import unfit_for_entra
from bot.settings.listing import LIMIT_PREFIX, Line
from bot.settings.model import DEMO_HELPDESK, Mode, Settings, WebChat
from bot.settings.reading import Found, environment, load, look

__all__ = [
    "DEMO_HELPDESK", "LIMIT_PREFIX", "Found", "Line", "Mode", "Settings", "WebChat", "environment", "load", "look",
    "unfit_for_entra",
]
