"""What is said when a server cannot be had."""


class ServerError(RuntimeError):
    """A required server cannot start; the text is one clear sentence with what to do, made for a person."""
