"""Read YAML with care: small files of plain keys and values only, and the place of every one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.tokens import (
    AliasToken,
    BlockEndToken,
    BlockMappingStartToken,
    BlockSequenceStartToken,
    DirectiveToken,
    FlowMappingEndToken,
    FlowMappingStartToken,
    FlowSequenceEndToken,
    FlowSequenceStartToken,
    KeyToken,
    ScalarToken,
    TagToken,
    Token,
)

from supplychain.facts.errors import Fault, InputError

LARGEST_FILE = 100_000
MOST_TOKENS = 20_000
DEEPEST = 12
LONGEST_NUMBER = 60
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
OPENS = (BlockMappingStartToken, BlockSequenceStartToken, FlowMappingStartToken, FlowSequenceStartToken)
CLOSES = (BlockEndToken, FlowMappingEndToken, FlowSequenceEndToken)
REFUSED = {
    AliasToken: "YAML aliases (*name) are not allowed; write the value out",
    TagToken: "YAML tags (!name) are not allowed",
    DirectiveToken: "YAML directives (%NAME) are not allowed",
}


def read(path: Path) -> CommentedMap:
    """The mapping that a YAML file holds, with the position of every key.

    Raises
    ------
    InputError : one fault with line and column, for a file that cannot be read, is over 100,000 bytes, is not UTF-8,
        is not YAML, is nested deeply, or uses what a scenario does not need: aliases, tags, merge keys, directives.
    """
    text = _text(path)
    try:
        _check_tokens(path, text)
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = str(error.problem or error.context).splitlines()[0]
        raise InputError([Fault(path, line, column, f"not valid YAML: {problem}")]) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InputError([Fault(path, line, 1, f"not valid YAML: {error.reason}")]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise InputError([Fault(path, 1, 1, f"cannot be read: {str(error).splitlines()[0]}")]) from None
    if not isinstance(document, CommentedMap):
        raise InputError([Fault(path, 1, 1, "a scenario file is a mapping of keys to values")])
    return document


def _text(path: Path) -> str:
    """The file's text; large, unreadable and wrongly encoded files are refused before they are parsed."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE or not path.is_file():
            what = f"{size} bytes; a scenario has at most {LARGEST_FILE}" if path.is_file() else "not a file"
            raise InputError([Fault(path, 1, 1, what)])
        raw = path.read_bytes()
    except OSError as error:
        raise InputError([Fault(path, 1, 1, f"cannot be read: {error.strerror}")]) from None
    if raw.startswith(BYTE_ORDER_MARKS):
        raise InputError([Fault(path, 1, 1, "starts with a byte-order mark; save it as UTF-8 without one")])
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise InputError([Fault(path, line, column, f"not UTF-8 text: {error.reason}")]) from None


def _check_tokens(path: Path, text: str) -> None:
    """Refuse, at the first token that shows it, what is no plain tree of keys and values."""
    depth, before = 0, None
    for count, token in enumerate(YAML(typ="rt").scan(text)):
        depth += isinstance(token, OPENS) - isinstance(token, CLOSES)
        message = _objection(token, before, depth, count)
        if message:
            mark = token.start_mark
            raise InputError([Fault(path, mark.line + 1, mark.column + 1, message)])
        before = token


def _objection(token: Token, before: Token | None, depth: int, count: int) -> str:
    """What is wrong with a token, or nothing."""
    if type(token) in REFUSED:
        return REFUSED[type(token)]
    if depth > DEEPEST:
        return f"nested more than {DEEPEST} deep"
    if count > MOST_TOKENS:
        return "too many keys and values for a scenario"
    if isinstance(before, KeyToken) and not isinstance(token, ScalarToken):
        return "a key is a plain word or year"
    if isinstance(token, ScalarToken) and token.plain:
        if token.value == "<<":
            return "YAML merge keys (<<) are not allowed; write the values out"
        if len(token.value) > LONGEST_NUMBER and not any(map(str.isalpha, token.value)):
            return "a number is too long"
    return ""


def value(text: str) -> Any:
    """The plain value that a piece of YAML on a command line holds.

    Raises
    ------
    ValueError : it is not valid YAML, or uses aliases or tags.
    """
    try:
        for token in YAML(typ="rt").scan(text):
            if type(token) in REFUSED:
                raise ValueError(REFUSED[type(token)])
        return plain(YAML(typ="rt").load(text))
    except (YAMLError, RecursionError) as error:
        raise ValueError(f"not valid YAML: {str(error).splitlines()[0]}") from None


def written(data: dict[str, Any]) -> str:
    """Plain data as YAML text that reads back as the same data."""
    stream = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False  # type: ignore[assignment]
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.allow_unicode, yaml.width = True, 110
    yaml.dump(_listed(data), stream)
    return stream.getvalue()


def _listed(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _listed(item) for key, item in node.items()}
    return [_listed(item) for item in node] if isinstance(node, list | tuple) else node


def plain(node: Any) -> Any:
    """The document as built-in types, so that a strict schema sees an int as an int."""
    if isinstance(node, dict):
        return {plain(key): plain(item) for key, item in node.items()}
    if isinstance(node, list):
        return [plain(item) for item in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def existing(document: Any, keys: Sequence[Any]) -> Iterator[Any]:
    """The keys that lead into the document; a schema's own tags among them are left out."""
    node = document
    for key in keys:
        in_map = isinstance(node, CommentedMap) and key in node
        in_list = isinstance(node, CommentedSeq) and isinstance(key, int) and key < len(node)
        if in_map or in_list:
            node = node[key]
            yield key


def position(document: Any, keys: Sequence[Any]) -> tuple[int, int]:
    """1-based line and column of the innermost key on the path that stands in the document."""
    node, line, column = document, 0, 0
    for key in existing(document, keys):
        line, column = node.lc.item(key) if isinstance(node, CommentedSeq) else node.lc.key(key)
        node = node[key]
    return line + 1, column + 1
