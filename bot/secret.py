"""A value that must not leak: it has no useful repr and refuses to be written down."""

from typing import Never


class Secret:
    """Text such as a password or a code, on its way from a form field to where it is used (D3)."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself; call it only where it is consumed."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __len__(self) -> int:
        return len(self._value)

    def __reduce__(self) -> Never:
        raise TypeError("a secret is not serialised")
