"""`closebook republish`: let a service say a book again from its own record of what it said."""

from datetime import date
from typing import Annotated

import typer

from shared.cli import environment, output
from shared.cli.api import OPERATOR, Api
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import DataDir, JsonFlag, Service, day_option
from shared.events.topics import said_by


def republish(
    service: Service,
    *,
    topic: Annotated[str, typer.Option("--topic", help="The service's topic to say again.", show_default=False)],
    book: Annotated[date, day_option("--book", "The book (day) to say again.")],
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for the audit.", show_default=False)] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Say a book again from the service's event_log; hearers that have it take no notice."""
    known = environment.resolve(data)
    known.url(service)
    topics = [channel.topic for channel in said_by(service)]
    if topic not in topics:
        raise CliError(f"{service} does not say {topic}.", f"Its topics are {', '.join(topics)}.", ExitCode.USAGE)
    asked = {"topic": topic, "book": book.isoformat()} | ({"reason": reason} if reason else {})
    answer = Api(known, OPERATOR).post(service, "/bus/republish", asked)
    events = int(answer.get("events", 0))
    document = {"service": service, "topic": topic, "book": book.isoformat(), "events": events}
    output.answer(document, f"{service} says {events} events of {topic} in book {book} again.", as_json=as_json)
