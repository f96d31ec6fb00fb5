"""Counting the fields of an event that this version does not know: accepted, ignored, and shown in the metrics."""

from functools import cache
from typing import Any, get_origin

from pydantic import BaseModel

from shared.events.explain import nested_model

Known = tuple[frozenset[str], tuple[tuple[str, "type[BaseModel]"], ...]]


@cache
def _known(model: type[BaseModel]) -> Known:
    names = {info.alias or name: info for name, info in model.model_fields.items()}
    inner = (
        (name, nested_model(info.annotation)) for name, info in names.items() if get_origin(info.annotation) is not dict
    )
    return frozenset(names), tuple((name, found) for name, found in inner if found is not None)


def count_unknown(model: type[BaseModel], data: dict[str, Any]) -> int:
    """Return how many fields of already validated ``data`` the model has no name for, at any depth."""
    names, nested = _known(model)
    total = 0 if names.issuperset(data) else sum(name not in names for name in data)
    for name, inner in nested:
        total += _count_inside(inner, data.get(name))
    return total


def _count_inside(model: type[BaseModel], value: Any) -> int:
    if isinstance(value, dict):
        return count_unknown(model, value)
    if isinstance(value, list):
        return sum(count_unknown(model, each) for each in value)
    return 0
