"""Giving out a Temporary Access Pass, where the policy allows it: for the day the phone and all that was on it is gone.

    person  (presses Få et midlertidig tilgangspass)
    bot     Skriv koden fra godkjenningsappen.                     [Jeg har ikke telefonen] [Avbryt]
    person  (types a recovery code on the page, and then a code that was mailed)
    bot     Åpne den sikre siden. Der får du passet, og det vises bare denne ene gangen.   [Vis tilgangspasset ↗]
    bot     Tilgangspasset er laget. Logg på hos Microsoft med det nå …   [Åpne sikkerhetsinfo hos Microsoft ↗]
"""

from dataclasses import dataclass

from dialogs.proving import Proving
from dialogs.talk import Press

START = Press("temporary_pass.button.start", {"do": "start", "journey": "temporary_pass"})


@dataclass(frozen=True)
class TemporaryPass(Proving):
    name = "temporary_pass"
    steps = ("which_account", "first_proof", "second_proof", "secure_page")
    wish = ""
    help = "temporary_pass.help"
    start = START
