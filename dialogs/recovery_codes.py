"""Making recovery codes, for the day the phone is gone.

    person  (presses Lag gjenopprettingskoder)
    bot     Først må jeg vite at det virkelig er deg. Skriv koden fra godkjenningsappen.
    person  123 456
    bot     Åpne den sikre siden. Der får du ti koder, og de vises bare denne ene gangen.   [Vis kodene mine ↗]
    bot     Du har fått ti nye gjenopprettingskoder. De gamle virker ikke lenger.
"""

from dataclasses import dataclass

from dialogs.proving import Proving
from dialogs.talk import Press

START = Press("recovery_codes.button.start", {"do": "start", "journey": "recovery_codes"})


@dataclass(frozen=True)
class RecoveryCodes(Proving):
    name = "recovery_codes"
    steps = ("which_account", "first_proof", "second_proof", "secure_page")
    wish = ""
    help = "recovery_codes.help"
    start = START
