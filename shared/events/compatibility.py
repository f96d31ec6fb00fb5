"""Would an event that yesterday's schema allowed still be understood today?  Inside a major version it must be."""

from typing import Any

_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_FIXED = ("pattern", "format", "const", "x-kind")


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return every way in which ``new`` breaks the promises of ``old``: both JSON Schemas of one event's data.

    A field may be added (optional), a limit widened, an enum extended.  No field may go away, become required, change
    its type or narrow its values (contract.md, head).
    """
    return _Comparison(old, new).of(old, new, "data")


class _Comparison:
    """Walks two schemas side by side, each with its own definitions."""

    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self._old = old.get("$defs", {})
        self._new = new.get("$defs", {})

    def of(self, old: dict[str, Any], new: dict[str, Any], path: str) -> list[str]:
        """Return the breaks at ``path`` and below."""
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        if "anyOf" in old or "anyOf" in new:
            return self._choices(_choices(old), _choices(new), path)
        if old.get("type") != new.get("type"):
            return [f"{path}: type {old.get('type')} became {new.get('type')}"]
        return [
            *_fixed(old, new, path),
            *_limits(old, new, path),
            *_enum(old, new, path),
            *self._fields(old, new, path),
            *self._items(old, new, path),
        ]

    def _choices(self, old: list[dict[str, Any]], new: list[dict[str, Any]], path: str) -> list[str]:
        found = []
        for choice in old:
            tried = [self.of(choice, other, path) for other in new]
            if tried and all(tried):
                found += sorted(tried, key=len)[0]
        return found

    def _fields(self, old: dict[str, Any], new: dict[str, Any], path: str) -> list[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        gone = [f"{path}.{name}: removed" for name in before if name not in after]
        demanded = set(new.get("required", ())) - set(old.get("required", ()))
        found = gone + [f"{path}.{name}: became required" for name in sorted(demanded)]
        for name in before.keys() & after.keys():
            found += self.of(before[name], after[name], f"{path}.{name}")
        return sorted(found)

    def _items(self, old: dict[str, Any], new: dict[str, Any], path: str) -> list[str]:
        found = []
        for name in ("items", "additionalProperties"):
            if isinstance(old.get(name), dict) and isinstance(new.get(name), dict):
                found += self.of(old[name], new[name], f"{path}[]")
        return found


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    return {**definitions[reference.rsplit("/", 1)[1]], **{k: v for k, v in schema.items() if k != "$ref"}}


def _choices(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return list(schema.get("anyOf", [schema]))


def _fixed(old: dict[str, Any], new: dict[str, Any], path: str) -> list[str]:
    return [f"{path}: {name} changed" for name in _FIXED if name in new and old.get(name) != new.get(name)]


def _limits(old: dict[str, Any], new: dict[str, Any], path: str) -> list[str]:
    lower = [name for name in _LOWER if name in new and (name not in old or new[name] > old[name])]
    upper = [name for name in _UPPER if name in new and (name not in old or new[name] < old[name])]
    return [f"{path}: {name} narrowed" for name in lower + upper]


def _enum(old: dict[str, Any], new: dict[str, Any], path: str) -> list[str]:
    if "enum" not in new:
        return []
    if "enum" not in old:
        return [f"{path}: became an enum"]
    return [f"{path}: value {value} removed" for value in old["enum"] if value not in new["enum"]]
