"""What is done for a person, one file for each thing; who may, and what it takes, is `bot.rules`."""

from bot.rules.policy import TEMPORARY_PASS

JOURNEYS = {"forgot_password": "reset", "change_password": "change", "unlock_account": "unlock",
            "recovery_codes": "recovery_codes", "register_method": "register_app",
            "temporary_pass": TEMPORARY_PASS, "fetch_a_person": ""}
"""The conversations that can be begun, and the operation of each, where it has one that needs proof."""
