"""The organisation's policy, as the settings name it."""

from bot.policy_in_force import policy_to_start_with
from bot.rules.policy import Policy
from bot.settings import Settings


def policy_of(settings: Settings) -> Policy:
    """The policy that a start would begin with. Raises SettingsError."""
    return policy_to_start_with(settings.policy_path, settings.limits, required=settings.policy is not None,
                                guids=settings.groups_have_guids)
