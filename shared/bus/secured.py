"""A client's security in FastStream's words."""

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.kafka_security import KafkaSecurity

_KINDS = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


def in_faststreams_words(access: KafkaSecurity) -> BaseSecurity | None:
    """Return what a ``KafkaBroker`` is made with; nothing for a plain one."""
    context = access.context
    if not access.protocol.startswith("SASL"):
        return BaseSecurity(ssl_context=context, use_ssl=True) if context else None
    kind = _KINDS[access.mechanism]
    return kind(access.username or "", access.password or "", ssl_context=context, use_ssl=context is not None)
