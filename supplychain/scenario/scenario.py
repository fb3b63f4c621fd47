"""Read a scenario file, check it key by key, and resolve what it extends."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml.comments import CommentedMap

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import Fault, InputError, LeftOutWarning, nearest
from supplychain.scenario import documents, parts
from supplychain.scenario.files import find
from supplychain.scenario.policies import KINDS, AnyPolicy, Policy, Year, kind_of

DEEPEST_FAMILY = 20
Where = tuple[Path, int, int]
Place = tuple[str | int, ...]


class Horizon(BaseModel):
    """First and last year; the first is the data's base year."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    first: Year = Field(alias="from", description="base year, the first that is solved")
    last: Year = Field(alias="to", description="last year that is solved")


PolicyId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]


class ScenarioFile(BaseModel):
    """The keys of one scenario file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", max_length=100, description="folder name of the results"
    )
    title: str | None = Field(None, description="one line for tables and figures")
    story: str | None = Field(None, description="what was announced, and how it is encoded here")
    extends: str | list[str] | None = Field(None, description="scenarios to start from; later ones win")
    horizon: Horizon | None = Field(None, description="the years that are solved")
    discount_rate: Annotated[float, Field(ge=0, le=0.5, allow_inf_nan=False)] | None = Field(
        None, description="real social discount rate, 1/yr"
    )
    policies: dict[PolicyId, AnyPolicy | None] = Field(
        default_factory=dict, description="policies by id; null removes one that was inherited"
    )


@dataclass(frozen=True)
class Scenario:
    """A resolved scenario: nothing left to inherit.

    Attributes
    ----------
    years : the horizon, every calendar year; the first is the base year.
    discount_rate : real, 1/yr.
    policies : policy by id, in the order in which they were first named.
    places : where each policy's keys stand, for messages: by policy, or policy and field, or these and list position.
    """

    name: str
    title: str
    story: str
    years: range
    discount_rate: float
    policies: dict[str, AnyPolicy]
    places: dict[Place, Where] = field(repr=False, compare=False, default_factory=dict)

    def resolved(self) -> dict[str, Any]:
        """The scenario as plain data, as a file that extends nothing would hold it."""
        return {
            "name": self.name,
            "title": self.title,
            "story": self.story,
            "horizon": {"from": self.years[0], "to": self.years[-1]},
            "discount_rate": self.discount_rate,
            "policies": {
                name: {"kind": kind_of(type(p))} | p.model_dump(exclude_none=True) for name, p in self.policies.items()
            },
        }

    def where(self, policy: str, *keys: str | int) -> Where:
        """File, line and column of a policy's key, or of the nearest one above it that stands in a file."""
        steps = [(policy, *keys[:n]) for n in range(len(keys), -1, -1)]
        return next((self.places[step] for step in steps if step in self.places), (Path(self.name), 1, 1))

    def _repr_html_(self) -> str:
        about = f"{self.years[0]} to {self.years[-1]}, discount rate {self.discount_rate:.1%}"
        rows = [_policy_row(name, policy) for name, policy in self.resolved()["policies"].items()]
        table = pd.DataFrame(rows, columns=["policy", "kind", "settings", "grounds"]).to_html(index=False, border=0)
        policies = table if rows else "<p>no policies</p>"
        return f"<h4>{escape(self.title)}</h4><p>{escape(self.story)}</p><p>{about}</p>{policies}"

    @property
    def digest(self) -> str:
        """SHA-256 of the resolved scenario."""
        return hashlib.sha256(repr(self.resolved()).encode()).hexdigest()


def _policy_row(name: str, fields: dict[str, Any]) -> tuple[str, str, str, str]:
    """Id, kind, settings in one line, and the source or assumption."""
    grounds = ("source", "assumption")
    settings = [f"{key}: {value}" for key, value in fields.items() if key not in ("kind", *grounds)]
    return name, str(fields["kind"]), "; ".join(settings), "; ".join(str(fields[g]) for g in grounds if g in fields)


@dataclass(frozen=True)
class _Draft:
    """What a file says together with all that it extends; a policy removed by null stays listed as None.

    `horizons` holds, for each policy, the horizon in force in the file that wrote it.
    """

    parsed: ScenarioFile
    horizon: Horizon | None
    discount_rate: float | None
    policies: dict[str, AnyPolicy | None]
    horizons: dict[str, Horizon | None]
    places: dict[Place, Where]


def read(name: str | Path, dataset: Dataset, settings: Sequence[str] = ()) -> Scenario:
    """Read a scenario, resolve `extends`, and check its names and years.

    Parameters
    ----------
    name : path of a YAML file, or the bare name of a scenario.
    dataset : the facts whose minerals, countries, groups, markets and sources it may name. Of a part of the facts
        (`Dataset.only`) it may name all that the whole holds: what the part leaves out is dropped, with a warning.
    settings : values to change, each `policies.ID.field=value`; `policies.ID=null` removes a policy.

    Raises
    ------
    InputError : one fault per mistake, each with file, line and column.
    """
    path = find(name)
    draft = _draft(path, (), {})
    if draft.horizon is None or draft.horizon.last < draft.horizon.first:
        raise InputError([Fault(path, 1, 1, "the scenario needs a horizon with from <= to")])
    scenario = Scenario(
        name=draft.parsed.name,
        title=draft.parsed.title or draft.parsed.name,
        story=draft.parsed.story or "",
        years=range(draft.horizon.first, draft.horizon.last + 1),
        discount_rate=draft.discount_rate or 0.0,
        policies={policy: fields for policy, fields in draft.policies.items() if fields is not None},
        places=draft.places,
    )
    for setting in settings:
        scenario = _set(scenario, setting)
    faults = [*_check_names(scenario, dataset.whole), *_check_years(scenario, draft.horizons)]
    if faults:
        raise InputError(sorted(faults, key=lambda fault: (str(fault.file), fault.line, fault.column)))
    return _fitted(scenario, dataset)


def _fitted(scenario: Scenario, dataset: Dataset) -> Scenario:
    """The scenario without what a part of the facts leaves out, which is told in one warning."""
    if gone := list(parts.told(scenario.policies, dataset, scenario.where)):
        warnings.warn("\n".join(map(str, gone)), LeftOutWarning, stacklevel=3)
    return replace(scenario, policies=parts.fitted(scenario.policies, dataset)) if gone else scenario


def _draft(path: Path, below: tuple[Path, ...], seen: dict[Path, _Draft]) -> _Draft:
    """The file's draft on top of those that it extends, later ones winning; each file is read once."""
    here = path.resolve()
    if here not in seen:
        document = documents.read(path)
        parsed = _validate(path, document)
        parents = [_draft(file, (*below, here), seen) for file in _parents(path, document, parsed, (*below, here))]
        seen[here] = _combined(parents, _own(path, document, parsed))
    return seen[here]


def _parents(path: Path, document: CommentedMap, parsed: ScenarioFile, below: tuple[Path, ...]) -> Iterator[Path]:
    """The files that a file extends, beside it or by name; a circle is a fault at the name that closes it."""
    listed = [parsed.extends] if isinstance(parsed.extends, str) else parsed.extends or []
    for i, parent in enumerate(listed):
        line, column = documents.position(document, ("extends", i))
        beside = path.parent / f"{parent.removesuffix('.yaml')}.yaml"
        try:
            file = beside if beside.is_file() else find(Path(parent).name)
        except (InputError, OSError, ValueError) as error:
            reason = error.faults[0].message if isinstance(error, InputError) else "no such scenario"
            raise InputError([Fault(path, line, column, f"extends {parent!r}: {reason}")]) from None
        if file.resolve() in below:
            raise InputError([Fault(path, line, column, f"extends {parent!r}, which extends it in turn")])
        if len(below) > DEEPEST_FAMILY:
            raise InputError([Fault(path, line, column, f"extends more than {DEEPEST_FAMILY} deep")])
        yield file


def _own(path: Path, document: CommentedMap, parsed: ScenarioFile) -> _Draft:
    places: dict[Place, Where] = {}
    for policy in parsed.policies:
        places.update(_places(path, policy, document["policies"][policy]))
    horizons: dict[str, Horizon | None] = dict.fromkeys(parsed.policies, parsed.horizon)
    return _Draft(parsed, parsed.horizon, parsed.discount_rate, dict(parsed.policies), horizons, places)


def _combined(parents: Sequence[_Draft], own: _Draft) -> _Draft:
    """Drafts on top of each other: the last word on each policy, horizon and rate counts."""
    drafts = [*parents, own]
    horizon = _latest([draft.horizon for draft in drafts])
    policies: dict[str, AnyPolicy | None] = {}
    horizons: dict[str, Horizon | None] = {}
    places: dict[Place, Where] = {}
    for draft in drafts:
        policies.update(draft.policies)
        horizons.update(draft.horizons)
        # Places of a policy that is replaced whole must not linger.
        places = {key: where for key, where in places.items() if key[0] not in draft.policies} | draft.places
    horizons |= {policy: horizons[policy] or horizon for policy in own.policies}
    return _Draft(own.parsed, horizon, _latest([d.discount_rate for d in drafts]), policies, horizons, places)


def _latest(values: Sequence[Any]) -> Any:
    return next((value for value in reversed(values) if value is not None), None)


def _validate(path: Path, document: CommentedMap) -> ScenarioFile:
    try:
        return ScenarioFile.model_validate(documents.plain(document))
    except ValidationError as error:
        faults = [_fault(path, document, item) for item in error.errors()]
        # A value that fits no branch of a union is one mistake, not one a branch.
        unique = {(fault.line, fault.column): fault for fault in reversed(faults)}
        raise InputError(sorted(unique.values(), key=lambda fault: (fault.line, fault.column))) from None


def _fault(path: Path, document: CommentedMap, error: Any) -> Fault:
    keys = tuple(error["loc"])
    if error["type"] == "union_tag_invalid":
        keys = (*keys, "kind")
    line, column = documents.position(document, keys)
    steps = [str(key) for key in documents.existing(document, keys)]
    if error["type"] == "extra_forbidden":
        steps = steps[:-1]
    where = ".".join(steps)
    message = _message(error)
    return Fault(path, line, column, f"{where}: {message}" if where else message)


def _message(error: Any) -> str:
    """What is wrong, in words, and the nearest thing that would be right."""
    kind, keys = error["type"], tuple(error["loc"])
    if kind == "extra_forbidden":
        return f"unknown key {str(keys[-1])!r}; {nearest(keys[-1], _siblings(keys))}"
    if kind == "union_tag_invalid":
        tag = error["ctx"]["tag"]
        known = error["ctx"]["expected_tags"].replace("'", "").split(", ")
        return f"unknown kind {tag!r}; {nearest(tag, known)}"
    if kind == "union_tag_not_found":
        return "the key 'kind' is missing"
    if kind == "missing":
        return f"the key {keys[-1]!r} is missing"
    if kind == "literal_error":
        allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return "write a list, [a, b], or all" if allowed == ["all"] else f"unknown; {nearest(error['input'], allowed)}"
    return str(error["msg"]).removeprefix("Value error, ")


def _siblings(keys: Sequence[Any]) -> Iterable[str]:
    """The keys allowed beside the last one of a path."""
    if len(keys) == 1:
        return ScenarioFile.model_fields
    if keys[0] == "horizon":
        return ["from", "to"]
    kinds = {kind_of(kind): kind for kind in KINDS}
    return next((kinds[key].model_fields for key in reversed(keys[:-1]) if key in kinds), {})


def _places(path: Path, policy: str, fields: Any) -> dict[Place, Where]:
    """Where a policy's fields stand, and the entries of its lists; a policy's own line is its first field's."""
    if not isinstance(fields, CommentedMap):
        return {}
    found: dict[Place, Where] = {}
    for key, value in fields.items():
        line, column = fields.lc.key(key)
        found.setdefault((policy,), (path, line + 1, column + 1))
        found[policy, str(key)] = (path, line + 1, column + 1)
        for i in range(len(value)) if isinstance(value, list) else []:
            line, column = value.lc.item(i)  # type: ignore[attr-defined]
            found[policy, str(key), i] = (path, line + 1, column + 1)
        for year in value if isinstance(value, CommentedMap) else []:
            line, column = value.lc.key(year)
            found[policy, str(key), year] = (path, line + 1, column + 1)
    return found


def _check_names(scenario: Scenario, dataset: Dataset) -> Iterator[Fault]:
    known: dict[Any, list[str]] = {}
    for policy, fields in scenario.policies.items():
        for key, i, name, named in fields.names():
            allowed = known.setdefault(named, named.known(dataset))
            if name not in allowed:
                what = f"policies.{policy}.{key}: unknown {named.what} {name!r}"
                yield Fault(*scenario.where(policy, key, i), f"{what}; {nearest(name, allowed)}")


def _check_years(scenario: Scenario, horizons: Mapping[str, Horizon | None]) -> Iterator[Fault]:
    """Every year that a policy names lies within the horizon of the file that wrote it."""
    for policy, fields in scenario.policies.items():
        horizon = horizons.get(policy)
        first, last = (horizon.first, horizon.last) if horizon else (scenario.years[0], scenario.years[-1])
        for key, i, year in fields.named_years():
            if not first <= year <= last:
                what = f"policies.{policy}.{key}: the year {year} lies outside the horizon {first} to {last}"
                yield Fault(*scenario.where(policy, key, i), what)


COMMAND_LINE = Path("--set")


def _set(scenario: Scenario, setting: str) -> Scenario:
    """The scenario with one value changed, or one policy removed.

    Raises
    ------
    InputError : a setting that is not `policies.ID.field=value`, names no policy or field, or breaks a rule of it.
    """
    path, equals, text = setting.partition("=")
    root, policy, *keys = [*path.strip().split("."), "", ""][: max(path.count(".") + 1, 2)]
    if not equals or root != "policies" or not policy:
        raise _wrong(setting, "write policies.ID.field=value")
    if policy not in scenario.policies:
        raise _wrong(path, f"no such policy; {nearest(policy, scenario.policies)}")
    try:
        value = documents.value(text)
        if not keys and value is not None:
            raise _wrong(path, "name the field: policies.ID.field=value, or policies.ID=null to remove it")
        changed = _changed(scenario.policies[policy], keys, value) if keys else None
    except ValidationError as error:
        raise _wrong(path, _message(error.errors()[0])) from None
    except ValueError as error:
        raise _wrong(path, str(error)) from None
    kept = {name: fields for name, fields in scenario.policies.items() if name != policy or changed is not None}
    places = {key: where for key, where in scenario.places.items() if key[: len(keys) + 1] != (policy, *keys)}
    policies = kept if changed is None else kept | {policy: changed}
    return replace(scenario, policies=policies, places=places | {(policy, *keys[:1]): (COMMAND_LINE, 1, 1)})


def _wrong(what: str, message: str) -> InputError:
    return InputError([Fault(COMMAND_LINE, 1, 1, f"{what}: {message}")])


def _changed(policy: Policy, keys: Sequence[str], value: Any) -> Policy:
    """The policy with the value put where the keys lead; checked as a file's policy is."""
    fields = policy.model_dump(exclude_unset=True)
    node: Any = fields
    for key in keys[:-1]:
        node = node.get(key) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        raise ValueError(f"{keys[-2]!r} holds no map of values")
    node[int(keys[-1]) if keys[-1].isdigit() else keys[-1]] = value
    return TypeAdapter(AnyPolicy).validate_python(fields)  # type: ignore[no-any-return]
