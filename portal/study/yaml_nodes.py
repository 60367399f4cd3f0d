"""YAML with line numbers, and without YAML's dangers: no aliases, no repeated keys, no large files."""

from dataclasses import dataclass, field

import yaml

from portal.study.errors import Problem, StudyFileError

Path_ = tuple[str | int, ...]
LARGEST = 500_000


@dataclass(frozen=True)
class Parsed:
    """A file's value, and the line of each part by its path of keys and positions."""

    value: dict[str, object]
    lines: dict[Path_, int] = field(default_factory=dict)

    def line(self, path: Path_) -> int:
        """The line of the part, or of the nearest part around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse(file: str, text: str, first_line: int = 1) -> Parsed:
    """Read a mapping. Raises StudyFileError with file and line."""
    if len(text) > LARGEST:
        raise StudyFileError([Problem(file, 1, f"the file is larger than {LARGEST} characters")])
    try:
        _refuse_aliases(file, text, first_line)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + first_line if error.problem_mark else first_line
        raise StudyFileError([Problem(file, line, f"not readable as YAML: {error.problem}")]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise StudyFileError(
            [Problem(file, first_line, "not readable as YAML: unusual characters or nesting")]
        ) from error
    if not isinstance(node, yaml.MappingNode):
        raise StudyFileError([Problem(file, first_line, "the file must be lines of `key: value`")])
    reader = _Reader(file, first_line)
    value = reader.read(node, ())
    if reader.problems:
        raise StudyFileError(reader.problems)
    assert isinstance(value, dict)  # noqa: S101 - a MappingNode was checked above
    return Parsed(value, reader.lines)


def _refuse_aliases(file: str, text: str, first_line: int) -> None:
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            line = token.start_mark.line + first_line
            raise StudyFileError(
                [Problem(file, line, "anchors and aliases (& and *) are not allowed; put the text in quotes")]
            )


class _Reader:
    def __init__(self, file: str, first_line: int) -> None:
        self.file, self.first_line = file, first_line
        self.lines: dict[Path_, int] = {}
        self.problems: list[Problem] = []
        self._scalars = yaml.SafeLoader("")

    def read(self, node: yaml.Node, path: Path_) -> object:
        self.lines[path] = node.start_mark.line + self.first_line
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, at)) for at, item in enumerate(node.value)]
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self.problems.append(Problem(self.file, self.lines[path], f"cannot read this value: {node.value!r}"))
            return None

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + self.first_line
            if key in found:
                self.problems.append(Problem(self.file, line, f"{key!r} is there twice"))
            found[key] = self.read(value_node, (*path, key))
            self.lines[(*path, key)] = line
        return found
