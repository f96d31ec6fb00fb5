"""The AsyncAPI 3 document of Closebook, drawn from the table of topics and the committed schemas."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from shared.events.topics import CHANNELS, Channel, Retention

_KEPT = {
    Retention.FOREVER: "kept for ever",
    Retention.THIRTY_DAYS: "kept 30 days",
    Retention.COMPACTED: "compacted",
}


def document(schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the whole document; ``schemas`` holds the JSON Schema of the data by event type."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Closebook",
            "version": _version(),
            "description": "Events between a housing system and the four services. CloudEvents 1.0 over Kafka.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {_name(channel): _channel(channel) for channel in CHANNELS},
        "operations": dict(_operation(channel, service) for channel in CHANNELS for service in _parties(channel)),
        "components": {"messages": {_name(channel): _message(channel, schemas) for channel in CHANNELS}},
    }


def _version() -> str:
    try:
        return version("closebook")
    except PackageNotFoundError:
        return "0.1.0"


def _name(channel: Channel) -> str:
    return channel.type.replace(".", "_").replace("-", "_")


def _summary(channel: Channel) -> str:
    return (channel.model.__doc__ or "").strip().split("\n")[0]


def _channel(channel: Channel) -> dict[str, Any]:
    return {
        "address": channel.topic,
        "description": f"Written by {channel.owner}; {_KEPT[channel.retention]}. Key: {channel.key or 'as refused'}.",
        "messages": {_name(channel): {"$ref": f"#/components/messages/{_name(channel)}"}},
        "bindings": {"kafka": {"topic": channel.topic, "bindingVersion": "0.5.0"}},
    }


def _parties(channel: Channel) -> tuple[str, ...]:
    return (channel.owner, *channel.heard_by)


def _operation(channel: Channel, service: str) -> tuple[str, dict[str, Any]]:
    action = "send" if service == channel.owner else "receive"
    reference = {"$ref": f"#/channels/{_name(channel)}"}
    return f"{service}_{action}_{_name(channel)}", {"action": action, "channel": reference, "tags": [{"name": service}]}


def _message(channel: Channel, schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": channel.type,
        "summary": _summary(channel),
        "contentType": "application/cloudevents+json",
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": schemas[channel.type]},
    }
