"""The one door to the policy's file: TOML in, a checked Policy out, or what is wrong with it, line by line (G5).

`deployment/policy.toml` shows everything that may stand in it. What does not is as it is without a file.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bot.errors import SettingsError
from bot.rules.limits import Limits
from bot.rules.policy import (
    GATE_NAMES,
    LEAST,
    LEAST_COOL_DOWN_HOURS,
    MOST_RECONFIRM_DAYS,
    NAMED_ONLY,
    OWNER,
    WAYS,
    GroupRule,
    Policy,
    Registration,
    too_loose,
)

MOST_BYTES = 65536
MISSING = "is not there"

Content = bytes | str
"""What the file holds, or why that is not known."""


class PolicyError(SettingsError):
    """The file cannot be served by: `names` are of the values that are wrong, the text has a line for each."""

    def __init__(self, problems: Mapping[str, str], path: Path) -> None:
        super().__init__("\n".join(
            f"{path}: {name}: {why}" if name else f"{path} {why}" for name, why in problems.items()))
        self.names = tuple(problems)


class _Strict(BaseModel):
    # Built when a file is read: most starts have none.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class _Way(_Strict):
    gates: dict[str, list[str]] = {}
    off: list[str] = []


class _Group(_Way):
    forced_registration: bool = False


class _Registration(_Strict):
    forced: bool = False
    snooze_days: int = Field(1, ge=1, le=30)
    snoozes: int = Field(3, ge=0, le=10)


_GroupId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_Word = Annotated[str, StringConstraints(min_length=4, max_length=50)]


class _File(_Strict):
    reconfirm_days: int = Field(180, ge=0, le=MOST_RECONFIRM_DAYS)
    cool_down_hours: int | None = Field(None, ge=LEAST_COOL_DOWN_HOURS, le=720)
    organisation_words: list[_Word] = Field([], max_length=50)
    registration: _Registration = _Registration()
    teams: _Way = _Way()
    web_chat: _Way = _Way()
    groups: dict[_GroupId, _Group] = {}


def read(path: Path) -> Content:
    """The bytes as they are, never more than a policy may have."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return MISSING
    except OSError as trouble:
        return f"cannot be read: {trouble.strerror}"
    return content if len(content) <= MOST_BYTES else f"is larger than {MOST_BYTES} bytes"


def without_file(limits: Limits) -> Policy:
    """What holds where nothing is said."""
    return Policy(cool_down_seconds=limits.cool_down_seconds)


def parsed(content: Content, path: Path, limits: Limits, *, guids: bool = False) -> Policy:
    """The policy that the content is; raises PolicyError. `guids`: the directory knows groups by such ids only.

    There a rule for a group by any other name would be stricter on paper only (G1).
    """
    import tomllib  # noqa: PLC0415  most starts have no file

    if isinstance(content, str):
        raise PolicyError({"": content}, path)
    try:
        file = _File.model_validate(tomllib.loads(content.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise PolicyError({"": "is not UTF-8"}, path) from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyError({"": f"is no TOML: {error}"}, path) from None
    except RecursionError:
        raise PolicyError({"": "is nested too deeply"}, path) from None
    except ValidationError as error:
        raise PolicyError({_name(one): _why(one) for one in error.errors(include_url=False)}, path) from None
    if problems := dict([*_unfit(file), *(_no_guids(file) if guids else ())]):
        raise PolicyError(problems, path)
    return _policy(file, limits)


def _unfit(file: _File) -> Iterator[tuple[str, str]]:
    """What has the right form and may not be: names nobody knows, and gates that are too few (V8)."""
    for section, way in WAYS.items():
        yield from _unfit_part(section, way, getattr(file, section))
    for group, rule in file.groups.items():
        yield from _unfit_part(f"groups.{group}", OWNER, rule, off_anywhere=True)


def _no_guids(file: _File) -> Iterator[tuple[str, str]]:
    for group in file.groups:
        if not _GUID.fullmatch(group):
            yield f"groups.{group}", "Entra ID knows a group by its object id, in small letters"


def _unfit_part(section: str, way: str, part: _Way, *, off_anywhere: bool = False) -> Iterator[tuple[str, str]]:
    known = [operation for operation, ways in LEAST.items() if way in ways]
    for operation, names in part.gates.items():
        name = f"{section}.gates.{operation}"
        if operation in known and not set(LEAST[operation][way]) <= set(GATE_NAMES.values()):
            yield name, "what it asks for is fixed, it can only be switched off (A2)"
        elif operation not in known:
            yield name, f"there is no such operation here, only {', '.join(known)}"
        elif unknown := [one for one in names if one not in GATE_NAMES]:
            yield name, f"{_shown(unknown[0])} is no proof, only {', '.join(GATE_NAMES)} are"
        elif why := too_loose([GATE_NAMES[one] for one in names], LEAST[operation][way]):
            yield name, why
    for operation in part.off:
        if operation not in (LEAST if off_anywhere else known):
            yield f"{section}.off", f"there is no operation {_shown(operation)} here, only {', '.join(known)}"


def _policy(file: _File, limits: Limits) -> Policy:
    ways = {way: getattr(file, section) for section, way in WAYS.items()}
    gates = {
        operation: {way: _gates(ways[way].gates[operation]) if operation in ways[way].gates else least
                    for way, least in by_way.items()
                    if operation in ways[way].gates or operation not in NAMED_ONLY}
        for operation, by_way in LEAST.items()
        if operation not in NAMED_ONLY or any(operation in one.gates for one in ways.values())}
    groups = {
        group: GroupRule({operation: _gates(names) for operation, names in rule.gates.items()},
                         frozenset(rule.off), rule.forced_registration)
        for group, rule in file.groups.items()}
    hours = file.cool_down_hours
    return Policy(
        gates, {way: frozenset(part.off) for way, part in ways.items() if part.off}, groups,
        limits.cool_down_seconds if hours is None else hours * 3600, file.reconfirm_days,
        Registration(**file.registration.model_dump()), tuple(file.organisation_words))


def _gates(names: list[str]) -> tuple[str, ...]:
    return tuple(GATE_NAMES[one] for one in names)


def _name(error: Mapping[str, Any]) -> str:
    return ".".join(_shown(str(one)) for one in error["loc"] if one != "[key]")


def _why(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "is no value of a policy"
    message = str(error["msg"])
    return message[:1].lower() + message[1:]


def _shown(name: str) -> str:
    """A name from the file as it can stand in a line."""
    return "".join(one if one.isprintable() else "?" for one in name[:64])
