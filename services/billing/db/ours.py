"""What is our own among the facts that billing keeps, as SQL."""

_OURS = "not exists (select from msg.inbox as heard where heard.event_uid = {}.event_uid)"
OUR_OWN = _OURS.format("fact")
"""A ``fact`` that no event brought: a day's work or a command of people made it, whatever it is called."""
OUR_CREDIT = _OURS.format("credit")
"""The same of a ``credit``."""
