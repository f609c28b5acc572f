"""Limits: every number has a ceiling or says that it needs none, and looser ones are named (G5, S-116)."""

from dataclasses import fields, replace

import pytest

from bot.rules.limits import Limits, too_loose


def test_the_defaults_are_tight_enough() -> None:
    assert too_loose(Limits()) == []


@pytest.mark.parametrize("name", [one.name for one in fields(Limits) if one.metadata["ceiling"] is not None])
def test_above_its_ceiling_a_limit_is_refused(name: str) -> None:
    ceiling = next(one for one in fields(Limits) if one.name == name).metadata["ceiling"]
    assert any(name.upper() in line for line in too_loose(replace(Limits(), **{name: ceiling + 1})))


@pytest.mark.parametrize("name", [one.name for one in fields(Limits) if one.metadata["floor"] is not None])
def test_below_its_floor_a_limit_is_refused(name: str) -> None:
    floor = next(one for one in fields(Limits) if one.name == name).metadata["floor"]
    assert any(name.upper() in line for line in too_loose(replace(Limits(), **{name: floor - 1})))


def test_the_two_rows_of_failures_have_a_joint_ceiling() -> None:
    """NIST SP 800-63B-4 §3.2.2: 100 consecutive failures, over both ways in (limit 5)."""
    assert too_loose(replace(Limits(), anonymous_failures_in_a_row=60)) != []
    assert too_loose(replace(Limits(), anonymous_failures_in_a_row=60, owner_failures_in_a_row=40)) == []
