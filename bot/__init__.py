"""Keyturn, a password helpdesk bot."""

VERSION = "0.1.0"
"""As in pyproject.toml, which is not there where the bot runs."""
