"""The double's own table of calls is held against the published description of Graph, where that is at hand."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.directory.entra import _FIELDS
from tests.support.graph_contract import BODY, OPERATIONS, PASS_BODY, READ_FIELDS, Operation

DESCRIPTION = Path(__file__).parents[3] / "shared" / "contracts" / "graph-openapi-subset.yaml"


@cache
def description() -> Any:
    if not DESCRIPTION.is_file():
        # No part of the project, so nothing is untested that ours could test: the table itself is enforced anyway.
        pytest.skip(f"no description of Graph at ../shared/contracts/{DESCRIPTION.name}")
    return yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))


def described(operation: Operation) -> Any:
    for path, methods in description()["paths"].items():
        if re.sub(r"\{[^}]*\}", "{}", path) == operation.path:
            return methods[operation.method.lower()]
    raise AssertionError(f"{operation.path} is not described")


def options_of(method: Any) -> dict[str, Any]:
    found = {}
    for one in method.get("parameters", []):
        parameter = description()["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        found[parameter["name"]] = parameter.get("schema", {})
    return found


def properties(schema: str) -> dict[str, Any]:
    found = description()["components"]["schemas"][schema]
    parts = found.get("allOf", [found])
    return {name: kind for part in parts for name, kind in part.get("properties", {}).items()}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_every_call_is_one_of_graphs(operation: Operation) -> None:
    """Method, path, options, properties, success and permissions; but for what another page of Graph's describes."""
    if operation.page:
        assert not [path for path in description()["paths"] if path.endswith(operation.path.rpartition("/")[2])]
        return
    method = described(operation)
    options = options_of(method)
    assert operation.options <= options.keys()
    if operation.select:
        assert operation.select <= set(options["$select"]["items"]["enum"])
    permissions = method["x-graph-permissions"]["delegated" if operation.delegated else "application"]
    assert operation.any_of <= {*permissions.get("least", []), *permissions.get("other", [])}
    assert str(operation.success) in method["responses"]
    assert ("requestBody" in method) is bool(operation.body)


def test_what_is_written_is_graphs_own() -> None:
    kinds = {"string": str, "boolean": bool}
    user, profile = properties("microsoft.graph.user"), properties("microsoft.graph.passwordProfile")
    assert BODY.keys() <= user.keys()
    made = properties("microsoft.graph.temporaryAccessPassAuthenticationMethod")
    assert {name: kinds[made[name]["type"]] for name in PASS_BODY} == PASS_BODY
    assert {"temporaryAccessPass", "lifetimeInMinutes", "isUsable", "methodUsabilityReason"} <= made.keys()
    assert {name: kinds[profile[name]["type"]] for name in BODY["passwordProfile"]} == BODY["passwordProfile"]


def test_what_is_read_is_in_the_table() -> None:
    assert set(_FIELDS.split(",")) <= READ_FIELDS
