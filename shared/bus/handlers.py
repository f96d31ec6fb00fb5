"""Door 1: a service's table of what it hears, one handler a channel."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from shared.bus.work import Work
from shared.events.base import Event
from shared.events.topics import Channel, heard_by

Handler = Callable[[Work, Sequence[Event[Any]]], Awaitable[None]]
"""Takes a batch of one channel's new events and calls one use case."""


class Router:
    """The handlers of one service, by channel."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}

    def hears(self, channel: Channel) -> Callable[[Handler], Handler]:
        """Register the decorated function as the one handler of ``channel``."""

        def register(handler: Handler) -> Handler:
            assert channel.topic not in self.handlers, f"{channel.topic} has a handler already"
            self.handlers[channel.topic] = handler
            return handler

        return register

    def check(self, service: str) -> None:
        """Fail at start when a channel the service should hear has no handler, or one it should not has."""
        expected = {channel.topic for channel in heard_by(service) if not channel.single}
        actual = set(self.handlers)
        if expected != actual:
            difference = ", ".join(sorted(expected ^ actual))
            raise LookupError(f"handlers of {service} and the table of topics differ: {difference}")
