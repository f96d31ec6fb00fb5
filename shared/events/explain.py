"""From a validation error to the contract's reason code; runs only when an event is wrong."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from shared.events.rejection import Reason
from shared.events.types import storable

Location = tuple[int | str, ...]

_BY_KIND = {
    "pence": Reason.BAD_AMOUNT,
    "id": Reason.BAD_ID,
    "text": Reason.BAD_TEXT,
    "share": Reason.BAD_SHARE,
    "day": Reason.BAD_DATE,
}
_WRONG_JSON_TYPE = frozenset({"string_type", "int_type", "int_from_float", "date_type", "datetime_type", "enum"})
_BY_ERROR = {
    "json_invalid": Reason.NOT_JSON,
    "too_long": Reason.WRONG_TYPE,
    "date_parsing": Reason.BAD_DATE,
    "date_from_datetime_parsing": Reason.BAD_DATE,
    "datetime_parsing": Reason.BAD_DATE,
    "datetime_from_date_parsing": Reason.BAD_DATE,
    "timezone_aware": Reason.BAD_DATE,
}


def reason_of(error: ErrorDetails, model: type[BaseModel]) -> tuple[Reason, str | None]:
    """Return the reason and the field of one validation error of an envelope ``model``.

    The field is dotted and as sent: ``tax.net_pence``; fields of the data come without ``data.`` in front.  The name
    may be the sender's own, and is stored.
    """
    location = error["loc"]
    named = location[1:] if location[:1] == ("data",) and len(location) > 1 else location
    return _reason(error, _kind_at(model, location)), storable(".".join(str(part) for part in named)) or None


def _reason(error: ErrorDetails, kind: str | None) -> Reason:
    found = error["type"]
    if found in {"missing", "too_short"} or error["input"] is None:
        return Reason.MISSING_FIELD
    if kind == "pence":
        return Reason.BAD_AMOUNT
    if found == "enum" and isinstance(error["input"], str):
        return Reason.UNKNOWN_ENUM
    if found in _WRONG_JSON_TYPE:
        return Reason.WRONG_TYPE
    return _BY_ERROR.get(found) or _BY_KIND.get(kind or "", Reason.WRONG_TYPE)


def _kind_at(model: type[BaseModel], location: Location) -> str | None:
    """Return the ``x-kind`` of the field that ``location`` leads to, through nested models and lists."""
    inner: type[BaseModel] | None = model
    kind = None
    for part in location:
        if not isinstance(part, str) or inner is None:
            continue
        info = _field(inner, part)
        if info is None:
            return None
        kind, inner = _kind_of(info), nested_model(info.annotation)
    return kind


def _field(model: type[BaseModel], name: str) -> FieldInfo | None:
    for own, info in model.model_fields.items():
        if name == (info.alias or own):
            return info
    return None


def _kind_of(info: FieldInfo) -> str | None:
    direct = _kind_in(info.json_schema_extra)
    return direct or _kind_inside(info.annotation)


def _kind_in(extra: object) -> str | None:
    found = extra.get("x-kind") if isinstance(extra, Mapping) else None
    return found if isinstance(found, str) else None


def _kind_inside(annotation: Any) -> str | None:
    """Look through ``X | None`` and ``tuple[X, ...]``, where the mark stays on ``X``."""
    for part in getattr(annotation, "__metadata__", ()):
        found = _kind_in(getattr(part, "json_schema_extra", None))
        if found:
            return found
    return next((kind for part in get_args(annotation) if (kind := _kind_inside(part))), None)


def nested_model(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside ``Model``, ``Model | None`` or ``tuple[Model, ...]``; nothing for plain fields."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := nested_model(part))), None)
