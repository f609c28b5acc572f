"""Changing a password that one knows.

    person  jeg vil bytte passord
    bot     (visitors: which account, and a code from the app; in Teams nothing)
    bot     Skriv passordet du har nå og det nye du vil ha, på en sikker side.   [Bytt passord ↗]
    bot     Passordet er byttet. …

With accounts in Entra ID it is done as the person who is signed on in Teams; where that cannot be:

    bot     Et passord du husker, bytter du på Microsofts egen side. …   [Åpne Microsofts side] [Lag nytt passord]
"""

from dataclasses import dataclass

from dialogs.proving import Proving
from dialogs.talk import Press

START = Press("change_password.button.start", {"do": "start", "journey": "change_password"})


@dataclass(frozen=True)
class ChangePassword(Proving):
    name = "change_password"
    steps = ("which_account", "first_proof", "second_proof", "secure_page")
    wish = "change_password"
    help = "change_password.help"
    start = START
