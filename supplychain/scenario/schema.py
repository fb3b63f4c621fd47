"""Every key of a scenario file, told from the classes themselves: a JSON Schema for editors, a page for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from supplychain.facts.dataset import Dataset
from supplychain.scenario.policies import KINDS, ROOMS, MineralPolicy, Policy, kind_of
from supplychain.scenario.policies.base import Named
from supplychain.scenario.scenario import ScenarioFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
YEARS = "^(19|20|21)[0-9]{2}$"
COMMON = ("source", "assumption", "years")

HEAD = """# Scenario files

*Written by `supplychain schema --page` from the classes in `supplychain/scenario/policies/`; do not edit by hand.*

A scenario is one YAML file. Unknown keys, wrong types, unknown names and years outside the horizon are errors, one line
each: `FILE:LINE:COLUMN: what is wrong; what is meant`, exit status 2.

| command | does |
|---|---|
| `supplychain check FILE` | reads and validates only (without FILE all of `scenarios/`); warns of a policy \
that matches nothing, of two that set the same thing, and of a limit that all plants there are, \
and could be, would not meet |
| `supplychain check FILE --resolved` | prints the scenario with nothing left to inherit, as a file that reads back |
| `supplychain run FILE --set policies.ID.field=value` | changes one value (on `check` too); `--set policies.ID=null` \
removes a policy |
| `supplychain explain FILE` | what a little more and less of each limit costs, who would enter next, whether the plan \
is the only one; where there is no plan, which policies clash and what would do |
| `supplychain schema` | prints the JSON Schema of a scenario file |

With this line at a file's head an editor completes and checks as you type:

```yaml
# yaml-language-server: $schema=scenario.schema.json
```
"""

SPARSE = """
Numbers given as a map by year are interpolated linearly between the years named and held flat outside:
`share: {2026: 1.0, 2030: 0.65}`; every year lies within the horizon of its file. Countries may be given as ISO 3166
codes or as groups of `groups.csv` (`central_asia`, `feoc`, `allies`, `eu27`, `gcc`). Files over 100 kB, YAML aliases,
tags and merge keys are refused.

`extends` starts from other scenarios: later ones win, a policy with the same id replaces the inherited one whole, a
policy set to `null` is removed, and a circle is an error. Policies act in the order in which their ids first appear.

What is announced is known from the base year on: caps, floors, tariffs, funds, credits, offtakes, stockpiles. Export
bans and quotas, lost capacity and closed corridors come as news in the first year in which they act, or in
`known_from`: until then nobody saves, qualifies or builds for them. `foreseen: true` makes them known from the base
year on. Each year of news is one more solve.
"""

PUBLIC = """## After a run

What the treasury pays for funds, credits, price floors, offtakes and stockpiles, and what tariffs bring, is reported by
policy and year in `public.csv`, apart from the system's cost.

Exit status: 0 done, 2 bad input, 3 no feasible plan (with what clashes), 130 interrupted; finished scenarios are kept.
"""


def schema(dataset: Dataset) -> dict[str, Any]:
    """JSON Schema of a scenario file, with the names that the facts offer for minerals, countries, groups and so on."""
    whole = ScenarioFile.model_json_schema(by_alias=True)
    for kind in KINDS:
        properties = whole["$defs"][kind.__name__]["properties"]
        for field, info in kind.model_fields.items():
            for named in (mark for mark in info.metadata if isinstance(mark, Named)):
                whole["$defs"][_id(named)] = {"type": "string", "enum": named.known(dataset)}
                properties[field] = _with_names(properties[field], {"$ref": f"#/$defs/{_id(named)}"})
    title = {"$schema": DIALECT, "title": "Scenario of supplychain"}
    return title | {key: value for key, value in _with_years(whole).items() if key != "title"}


def _id(named: Named) -> str:
    return "_".join([named.what.replace(" ", "_"), *named.besides])


def _with_names(node: Any, names: dict[str, str]) -> Any:
    """The schema of a field with each free text replaced by the names allowed."""
    if isinstance(node, list):
        return [_with_names(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") == "string" and "const" not in node:
        return {key: value for key, value in node.items() if key != "type"} | names
    return {key: _with_names(value, names) for key, value in node.items()}


def _with_years(node: Any) -> Any:
    """The schema with the keys of every map by year told to be years."""
    if isinstance(node, list):
        return [_with_years(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _with_years(value) for key, value in node.items() if key != "propertyNames"}
    return node | {"propertyNames": {"pattern": YEARS}} if _by_year(node) else node


def _by_year(node: dict[str, Any]) -> bool:
    values = node.get("additionalProperties")
    return isinstance(values, dict) and values.get("type") == "number"


def page() -> str:
    """The reference of scenario files, in Markdown: every key with type, unit and meaning, an example of each kind."""
    parts = [HEAD, _keys(ScenarioFile.model_json_schema(by_alias=True), list(ScenarioFile.model_fields)), SPARSE]
    parts += ["## Every policy\n", _keys(Policy.model_json_schema(), list(COMMON)), _contents()]
    for room in ROOMS:
        parts += [f"## {_first(room.__doc__ or '')}\n", *(_kind(kind) for kind in room.KINDS)]
    return "\n".join([*parts, PUBLIC])


def _contents() -> str:
    links = [f"[`{kind_of(kind)}`](#{kind_of(kind)})" for kind in KINDS]
    return f"\nKinds: {' · '.join(links)}\n"


def _kind(kind: type[Policy]) -> str:
    """One kind: what it stands for, its keys, and an example."""
    told = "\n".join(line.strip() for line in (kind.__doc__ or "").strip().splitlines())
    own = [field for field in kind.model_fields if field not in (*COMMON, "kind", "minerals")]
    fields = [*(["minerals"] if issubclass(kind, MineralPolicy) else []), *own]
    keys = _keys(kind.model_json_schema(), fields)
    example = "\n".join(f"  {line}" for line in kind.example.strip().splitlines())
    return f"### {kind_of(kind)}\n\n{told}\n\n{keys}\n```yaml\npolicies:\n{example}\n```\n"


def _keys(described: dict[str, Any], fields: list[str]) -> str:
    """A table of keys: name, type in words, meaning, and the default."""
    needed = described.get("required", [])
    rows = [(field, described["properties"][field]) for field in fields]
    lines = [f"| `{field}` | {_type(node)} | {_meaning(node, field in needed)} |" for field, node in rows]
    return "\n".join(["| key | type | meaning |", "|---|---|---|", *lines, ""])


def _meaning(node: dict[str, Any], required: bool) -> str:
    told = str(node.get("description", ""))
    default = node.get("default")
    shown = ", ".join(map(str, default)) if isinstance(default, list) else str(default)
    return f"{told} (**required**)" if required else told if default in (None, {}) else f"{told} (default `{shown}`)"


def _type(node: dict[str, Any]) -> str:
    """The type of a field in words."""
    options = [option for option in node.get("oneOf", node.get("anyOf", [])) if option.get("type") != "null"]
    if options:
        return ", or ".join(dict.fromkeys(_type(option) for option in options))
    if "const" in node or "enum" in node:
        return " / ".join(f"`{value}`" for value in node.get("enum", [node.get("const")]))
    if "$ref" in node:
        return "map"
    if "prefixItems" in node:
        return "[first, last]"
    simple = {"array": "list", "boolean": "true / false", "integer": "whole number", "object": "map"}
    if node.get("type") == "array" and "enum" in node.get("items", {}):
        return f"list of {_type(node['items'])}"
    if _by_year(node):
        return "map by year"
    name = simple.get(str(node.get("type")), str(node.get("type", "map")).replace("string", "text"))
    return name + "".join(_range(node))


def _range(node: dict[str, Any]) -> Iterator[str]:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        yield f" {low:g} to {high:g}"
    elif low is not None:
        yield f" from {low:g}"


def _first(text: str) -> str:
    """The first line of a docstring as a heading."""
    return text.strip().splitlines()[0].rstrip(".")
