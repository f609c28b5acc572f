"""What was reached, beside what is wanted, as tables for people and as JSON for programs."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A figure to reach: at least `wanted`, or at most it."""

    name: str
    wanted: float
    reached: float
    unit: str
    at_least: bool = False
    note: str = ""

    @property
    def met(self) -> bool:
        return self.reached >= self.wanted if self.at_least else self.reached <= self.wanted

    @property
    def ratio(self) -> float:
        """Above 1 is better than wanted, by this factor."""
        return self.reached / self.wanted if self.at_least else self.wanted / max(self.reached, 1e-9)

    def cells(self) -> tuple[str, ...]:
        sign = ">=" if self.at_least else "<="
        return (self.name, f"{sign} {self.wanted:g} {self.unit}", f"{number(self.reached)} {self.unit}",
                f"{self.ratio:.2f}", "met" if self.met else "NOT MET", self.note)

    def plain(self) -> dict[str, object]:
        return {"name": self.name, "wanted": self.wanted, "reached": self.reached, "unit": self.unit,
                "at_least": self.at_least, "ratio": self.ratio, "met": self.met}


TARGET_HEADS = ("target", "wanted", "reached", "ratio", "", "")


def number(value: float) -> str:
    """Three digits that matter."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns wide enough, numbers to the right."""
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]

    def line(cells: Sequence[str]) -> str:
        padded = [cell.rjust(width) if _numeric(cell) else cell.ljust(width)
                  for cell, width in zip(cells, widths, strict=True)]
        return "  ".join(padded).rstrip()

    ruled = "  ".join("-" * width for width in widths)
    return "\n".join([line(heads), ruled, *(line(row) for row in rows)]) + "\n"


def _numeric(cell: str) -> bool:
    return cell[:1].isdigit()
