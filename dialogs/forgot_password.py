"""Resetting a forgotten password.

    person  jeg har glemt passordet
    bot     (which account, and proof: see proving)
    bot     Da vet jeg at det er deg. Velg nytt passord på en sikker side.  [Velg nytt passord ↗]
            (the person chooses a password on the page; the page knocks)
    bot     Passordet er byttet. Logg på med det nye på PC-en og telefonen.
"""

from dataclasses import dataclass

from dialogs.proving import RESET, Proving

START = RESET


@dataclass(frozen=True)
class ForgotPassword(Proving):
    name = "forgot_password"
    steps = ("which_account", "first_proof", "second_proof", "secure_page")
    wish = "reset_password"
    help = "forgot_password.help"
    start = START
