"""What the relay relies on in aiokafka's batches: a record is taken, or the refusal is seen."""

from aiokafka.producer.message_accumulator import BatchBuilder

from shared.events.strict_json import MAX_BYTES

_BATCH_BYTES = 131_072


def test_an_empty_batch_takes_the_largest_event_and_a_full_one_says_no() -> None:
    batch = BatchBuilder(_BATCH_BYTES, 0)
    largest = b"x" * MAX_BYTES
    assert batch.append(timestamp=None, key=b"k", value=largest, headers=[]) is not None
    assert batch.append(timestamp=None, key=b"k", value=b"x", headers=[]) is None
    assert batch.record_count() == 1
