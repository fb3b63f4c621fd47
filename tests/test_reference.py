"""The reference of scenario files and the editors' schema say what the classes say."""

from __future__ import annotations

import json

import jsonschema
import pytest
from conftest import ROOT
from pydantic import TypeAdapter
from ruamel.yaml import YAML
from typer.testing import CliRunner

from supplychain.cli import app
from supplychain.scenario import documents
from supplychain.scenario import schema as reference
from supplychain.scenario.policies import KINDS, AnyPolicy, kind_of

SCHEMA = ROOT / "scenarios" / "scenario.schema.json"
PAGE = ROOT / "docs" / "scenarios.md"


@pytest.fixture(scope="module")
def schema(shipped):
    """The schema made from the classes and the shipped facts."""
    return reference.schema(shipped)


def test_the_page_is_not_stale():
    """docs/scenarios.md is what `supplychain schema --page` prints."""
    assert PAGE.read_text(encoding="utf-8") == reference.page(), "run: supplychain schema --page > docs/scenarios.md"


def test_the_schema_is_not_stale(schema):
    """scenarios/scenario.schema.json is what `supplychain schema` prints."""
    again = "run: supplychain schema > scenarios/scenario.schema.json"
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == schema, again


def test_the_command_prints_the_schema(schema):
    """`supplychain schema` prints JSON, and --page Markdown."""
    done = CliRunner().invoke(app, ["schema"])
    assert done.exit_code == 0 and json.loads(done.stdout) == schema
    assert CliRunner().invoke(app, ["schema", "--page"]).stdout == reference.page()


@pytest.mark.parametrize("kind", KINDS, ids=kind_of)
def test_every_kind_and_field_is_described(kind):
    """A docstring of two paragraphs, a description of every field, an example, and a place in the page."""
    assert (kind.__doc__ or "").strip().count("\n\n") >= 1
    assert all(info.description for field, info in kind.model_fields.items() if field != "kind")
    page = reference.page()
    assert f"### {kind_of(kind)}\n" in page and kind.example.strip().splitlines()[0] in page


@pytest.mark.parametrize("kind", KINDS, ids=kind_of)
def test_examples_are_valid_policies_of_the_facts(kind, shipped, schema):
    """Each example reads as its kind, names what the shipped facts have, and passes the schema."""
    ((name, fields),) = documents.plain(YAML(typ="rt").load(kind.example)).items()
    policy = TypeAdapter(AnyPolicy).validate_python(fields)
    assert type(policy) is kind
    assert all(entry in named.known(shipped) for _, _, entry, named in policy.names())
    jsonschema.validate(as_json({"name": "x", "policies": {name: fields}}), schema)


def as_json(data):
    """The data as JSON has it, with text for keys."""
    return json.loads(json.dumps(data))


@pytest.mark.parametrize("file", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda file: file.stem)
def test_shipped_scenarios_pass_the_schema(file, schema):
    """What the editor sees as valid."""
    jsonschema.validate(as_json(documents.plain(documents.read(file))), schema)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("share", 1.5),
        ("group", "CHM"),
        ("stages", ["mines"]),
        ("shar", 1),
        ("kind", "supplier_cup"),
        ("minerals", ["x"]),
    ],
)
def test_the_schema_refuses_what_the_program_refuses(schema, field, value):
    """A share over one, unknown names, unknown keys and unknown kinds are marked in the editor."""
    valid = {"kind": "supplier_cap", "group": "CHN", "stages": ["mine"], "share": 0.5, "assumption": "test"}
    jsonschema.validate({"name": "x", "policies": {"p": valid}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "x", "policies": {"p": valid | {field: value}}}, schema)
