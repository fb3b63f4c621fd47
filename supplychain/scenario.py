"""Read a scenario file, check it key by key, and resolve what it extends."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.tokens import AliasToken

from supplychain.dataset import Dataset
from supplychain.errors import Fault, InputError, nearest
from supplychain.policies import AnyPolicy, Year

LARGEST_FILE = 1_000_000
BESIDE_CODE = (Path(__file__).parent / "scenarios", Path(__file__).parents[1] / "scenarios")
Where = tuple[Path, int, int]


class Horizon(BaseModel):
    """First and last year; the first is the data's base year."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    first: Year = Field(alias="from")
    last: Year = Field(alias="to")


class ScenarioFile(BaseModel):
    """The keys of one scenario file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", description="folder name of the results")
    title: str | None = Field(None, description="one line for tables and figures")
    story: str | None = Field(None, description="what was announced, and how it is encoded here")
    extends: str | list[str] | None = Field(None, description="scenarios to start from; later ones win")
    horizon: Horizon | None = None
    discount_rate: Annotated[float, Field(ge=0, le=0.5, allow_inf_nan=False)] | None = Field(
        None, description="real social discount rate, 1/yr"
    )
    policies: dict[str, AnyPolicy | None] = Field(
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
    places : where each policy's keys stand, for messages.
    """

    name: str
    title: str
    story: str
    years: range
    discount_rate: float
    policies: dict[str, AnyPolicy]
    places: dict[tuple[str, str], Where] = field(repr=False, compare=False, default_factory=dict)

    def resolved(self) -> dict[str, Any]:
        """The scenario as plain data, as a file that extends nothing would hold it."""
        return {
            "name": self.name,
            "title": self.title,
            "story": self.story,
            "horizon": {"from": self.years[0], "to": self.years[-1]},
            "discount_rate": self.discount_rate,
            "policies": {name: p.model_dump(exclude_none=True) for name, p in self.policies.items()},
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the resolved scenario."""
        return hashlib.sha256(repr(self.resolved()).encode()).hexdigest()


def find(name: str | Path) -> Path:
    """The file of a scenario given as a path or as a bare name.

    A bare name is looked up in `./scenarios/` first, then among the scenarios shipped with the package.

    Raises
    ------
    InputError : where there is no such file; names the nearest scenario.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if path.is_file():
            return path
        raise InputError([Fault(path, 1, 1, "no such scenario file")])
    folders = [Path("scenarios"), *BESIDE_CODE]
    for folder in folders:
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    known = {file.stem for folder in folders if folder.is_dir() for file in folder.glob("*.yaml")}
    raise InputError([Fault(path, 1, 1, f"no such scenario; {nearest(name, known)}")])


def read(name: str | Path, dataset: Dataset) -> Scenario:
    """Read a scenario, resolve `extends`, and check its names against the data.

    Parameters
    ----------
    name : path of a YAML file, or the bare name of a scenario.
    dataset : the facts whose minerals, countries, groups, markets and sources it may name.

    Raises
    ------
    InputError : one fault per mistake, each with file, line and column.
    """
    chain = list(_ancestry(find(name), ()))
    policies: dict[str, AnyPolicy] = {}
    places: dict[tuple[str, str], Where] = {}
    for path, document, parsed in chain:
        for policy, fields in parsed.policies.items():
            if fields is None:
                policies.pop(policy, None)
            else:
                policies[policy] = fields
                places.update(_places(path, policy, document["policies"][policy]))
    last = chain[-1][2]
    horizon = _latest([parsed.horizon for _, _, parsed in chain])
    if horizon is None or horizon.last < horizon.first:
        raise InputError([Fault(chain[-1][0], 1, 1, "the scenario needs a horizon with from <= to")])
    scenario = Scenario(
        name=last.name,
        title=last.title or last.name,
        story=last.story or "",
        years=range(horizon.first, horizon.last + 1),
        discount_rate=_latest([parsed.discount_rate for _, _, parsed in chain]) or 0.0,
        policies=policies,
        places=places,
    )
    faults = list(_check_names(scenario, dataset))
    if faults:
        raise InputError(faults)
    return scenario


def _latest(values: Sequence[Any]) -> Any:
    return next((value for value in reversed(values) if value is not None), None)


def _ancestry(path: Path, below: tuple[Path, ...]) -> Iterator[tuple[Path, CommentedMap, ScenarioFile]]:
    """The files that a scenario extends, furthest first, and the file itself last."""
    document = _load(path)
    parsed = _validate(path, document)
    parents = [parsed.extends] if isinstance(parsed.extends, str) else parsed.extends or []
    for parent in parents:
        line, column = _position(document, ("extends",))
        beside = path.parent / f"{parent}.yaml"
        try:
            file = beside if beside.is_file() else find(parent)
        except InputError as error:
            reason = error.faults[0].message
            raise InputError([Fault(path, line, column, f"extends {parent!r}: {reason}")]) from None
        if file.resolve() in (*below, path.resolve()):
            raise InputError([Fault(path, line, column, f"extends {parent!r}, which extends it in turn")])
        yield from _ancestry(file, (*below, path.resolve()))
    yield path, document, parsed


def _load(path: Path) -> CommentedMap:
    """The YAML document with the position of every key."""
    try:
        raw = path.read_bytes()
        if len(raw) > LARGEST_FILE:
            raise InputError([Fault(path, 1, 1, f"{len(raw)} bytes; a scenario has at most {LARGEST_FILE}")])
        text = raw.decode("utf-8-sig")
        for token in YAML(typ="rt").scan(text):
            if isinstance(token, AliasToken):
                mark = token.start_mark
                message = "YAML aliases (*name) are not allowed; write the value out"
                raise InputError([Fault(path, mark.line + 1, mark.column + 1, message)])
        document = YAML(typ="rt").load(text)
    except UnicodeDecodeError as error:
        raise InputError([Fault(path, 1, 1, f"not UTF-8 text: {error.reason} at byte {error.start}")]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = str(error.problem or error.context).splitlines()[0]
        raise InputError([Fault(path, line, column, f"not valid YAML: {problem}")]) from None
    except (YAMLError, OSError, ValueError, RecursionError) as error:
        raise InputError([Fault(path, 1, 1, f"cannot be read: {str(error).splitlines()[0]}")]) from None
    if not isinstance(document, CommentedMap):
        raise InputError([Fault(path, 1, 1, "a scenario file is a mapping of keys to values")])
    return document


def _validate(path: Path, document: CommentedMap) -> ScenarioFile:
    try:
        return ScenarioFile.model_validate(_plain(document))
    except ValidationError as error:
        faults = [_fault(path, document, item) for item in error.errors()]
        # A value that fits no branch of a union is one mistake, not one a branch.
        raise InputError({(fault.line, fault.column): fault for fault in reversed(faults)}.values()) from None


def _plain(node: Any) -> Any:
    """The document as built-in types, so that a strict schema sees an int as an int."""
    if isinstance(node, dict):
        return {_plain(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _fault(path: Path, document: CommentedMap, error: Any) -> Fault:
    keys = tuple(error["loc"])
    if error["type"] == "union_tag_invalid":
        keys = (*keys, "kind")
    line, column = _position(document, keys)
    steps = [str(key) for key in _existing(document, keys)]
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        steps, message = [*steps[:-1]], f"unknown key {keys[-1]!r}; {nearest(keys[-1], _siblings(keys))}"
    elif error["type"] == "union_tag_invalid":
        kinds = error["ctx"]["expected_tags"].replace("'", "").split(", ")
        message = f"unknown kind {error['ctx']['tag']!r}; {nearest(error['ctx']['tag'], kinds)}"
    elif error["type"] == "missing":
        message = f"the key {keys[-1]!r} is missing"
    where = ".".join(steps)
    return Fault(path, line, column, f"{where}: {message}" if where else message)


def _siblings(keys: Sequence[Any]) -> Iterable[str]:
    """The keys allowed beside the last one of a path."""
    if len(keys) == 1:
        return ScenarioFile.model_fields
    if keys[0] == "horizon":
        return ["from", "to"]
    models = AnyPolicy.__args__[0].__args__  # type: ignore[attr-defined]
    kinds = {model.model_fields["kind"].annotation.__args__[0]: model for model in models}
    return kinds[keys[2]].model_fields if len(keys) > 2 and keys[2] in kinds else []


def _existing(document: Any, keys: Sequence[Any]) -> Iterator[Any]:
    """The keys that lead into the document; the schema's own tags (a policy's kind) are left out."""
    node = document
    for key in keys:
        in_map = isinstance(node, CommentedMap) and key in node
        in_list = isinstance(node, CommentedSeq) and isinstance(key, int) and key < len(node)
        if in_map or in_list:
            node = node[key]
            yield key


def _position(document: Any, keys: Sequence[Any]) -> tuple[int, int]:
    """1-based line and column of the innermost key on the path that stands in the document."""
    node, line, column = document, 0, 0
    for key in _existing(document, keys):
        line, column = node.lc.item(key) if isinstance(node, CommentedSeq) else node.lc.key(key)
        node = node[key]
    return line + 1, column + 1


def _places(path: Path, policy: str, fields: CommentedMap) -> dict[tuple[str, str], Where]:
    """Where each field of a policy stands; a policy's own line stands under the empty field."""
    positions = {key: fields.lc.key(key) for key in fields}
    first = min(positions.values())
    return {(policy, ""): (path, first[0] + 1, first[1] + 1)} | {
        (policy, str(key)): (path, line + 1, column + 1) for key, (line, column) in positions.items()
    }


def _check_names(scenario: Scenario, dataset: Dataset) -> Iterator[Fault]:
    known = {table: dataset.names(table) for table in ("minerals", "countries", "markets", "sources")}
    known["groups+countries"] = [*dataset["groups"]["group"].unique(), *known["countries"], "each"]
    for policy, fields in scenario.policies.items():
        for key, table, name in fields.names():
            if name not in known[table]:
                file, line, column = scenario.places.get((policy, key), scenario.places[policy, ""])
                message = f"policies.{policy}.{key}: unknown name {name!r}; {nearest(name, known[table])}"
                yield Fault(file, line, column, message)
