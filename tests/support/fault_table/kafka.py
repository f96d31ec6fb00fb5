"""Faults of Kafka as its clients see them."""

from tests.support.fault_table.row import Row

_D = "tests/faults/test_delivery.py::test_"
_S = "tests/faults/test_servers.py::test_"
_PLACES = "tests/integration/bus/test_lost_places.py::test_"
_EMBEDDED = "tests/integration/embedded/test_servers.py::test_"
_H = "tests/integration/bus/test_hearing.py::test_"
_NET = "tests/faults/test_network.py::test_a_bad_network_costs_time_only"
_B = "tests/faults/test_brokers.py::test_"
_REJOIN = "tests/integration/bus/test_rejoining.py::test_"
_REPLICAS = "on brokers with replicas: a staging cluster must show"
_DAYS = "tests/faults/test_days.py::test_"
_JOINS = f"{_DAYS}what_waits_for_a_day_is_read_after_it_although_a_process_joins_and_leaves_meanwhile"

ROWS = (
    Row(
        19,
        "Broker refuses connections",
        "proxy that does not listen; broker killed and restarted",
        "outbox grows, then all is relayed",
        (_NET, f"{_S}a_broker_killed_and_restarted_on_its_data_loses_nothing"),
    ),
    Row(
        20,
        "Broker frozen",
        "SIGSTOP",
        "deadlines fire; a service still drains on SIGTERM",
        (f"{_S}a_broker_frozen_for_twenty_seconds_costs_time_only", f"{_S}a_service_drains_while_the_broker_is_frozen"),
    ),
    Row(
        21,
        "Leader moves",
        "scripted brokers: another one leads each partition, three times under load",
        "retried, order by key kept",
        (f"{_B}leaders_that_move_under_load_cost_time_only",),
        f"{_REPLICAS} a leader killed under load with `closebook verify` clean afterwards",
    ),
    Row(
        22,
        "Group coordinator moves",
        "scripted brokers: another one knows the group, does not yet, or loads it",
        "found again, the client replaced where it gave up; nothing done twice",
        (
            f"{_B}a_coordinator_that_moves_or_is_away_has_nothing_read_twice",
            f"{_REJOIN}a_client_that_left_its_group_is_replaced_and_nothing_is_read_twice",
        ),
        f"{_REPLICAS} the coordinator's broker restarted under load with `closebook verify` clean afterwards",
    ),
    Row(
        23,
        "Appended, acknowledgement lost",
        "proxy resets connections in the middle of answers",
        "sent again; the inbox absorbs it",
        (_NET,),
    ),
    Row(
        24,
        "Out of order sequence, unknown producer",
        "scripted brokers answer 45, then 59",
        "producer replaced, page sent again",
        (f"{_B}a_producer_that_the_broker_no_longer_believes_is_replaced",),
    ),
    Row(
        25,
        "Not enough replicas",
        "scripted brokers answer 19, past the relay's deadline twice",
        "blocked and backed off; nothing leaves the outbox",
        (f"{_B}nothing_leaves_the_outbox_while_replicas_are_missing",),
        f"{_REPLICAS} min.insync.replicas missed for a minute, outbox kept, then drained",
    ),
    Row(
        26,
        "Event too large",
        "an event beyond the limit",
        "refused before it is sent; a heard one is a dead letter",
        (
            "tests/contract/test_aiokafka.py::test_an_empty_batch_takes_the_largest_event_and_a_full_one_says_no",
            "tests/contract/test_decode_rejects.py::test_too_large_is_not_even_parsed",
        ),
    ),
    Row(
        27,
        "Right to a topic revoked",
        "principals without the right",
        "refused; no other way in",
        ("tests/integration/security/test_kafka_access.py::test_nobody_writes_another_ones_topic",),
        "revoked while running: a staging cluster must show that a service waits and goes on after the grant",
    ),
    Row(28, "Rebalances", "processes join and leave", "fenced, nothing lost", (_JOINS,)),
    Row(
        29,
        "Commit of offsets refused",
        "scripted brokers answer 22, 25 and 27",
        "a note in the log only",
        (f"{_B}offsets_that_the_group_refuses_decide_nothing",),
    ),
    Row(
        30,
        "Group offsets lost or wrong",
        "offsets set to 0 and to the end",
        "the position in the database decides",
        (f"{_D}lost_or_wrong_group_offsets_change_nothing", f"{_H}lost_group_offsets_change_nothing"),
    ),
    Row(
        31,
        "Records deleted before they were read",
        "DeleteRecords",
        "the lane stops and pages; no silent jump",
        (f"{_PLACES}records_deleted_before_they_were_read_stop_the_lane",),
    ),
    Row(
        32,
        "Topic made anew, shorter or other",
        "position beyond the end; other hash of the last record",
        "the lane stops and pages",
        (
            f"{_H}another_log_under_our_position_stops_the_lane",
            f"{_PLACES}a_log_that_ends_before_our_position_stops_the_lane",
        ),
    ),
    Row(
        33,
        "Partition count raised",
        "topics with another number",
        "refused",
        (f"{_EMBEDDED}topics_are_provided_twice_without_harm_but_never_with_another_number",),
    ),
    Row(
        34,
        "Whole topic delivered again",
        "all records sent again",
        "all duplicates",
        (f"{_D}a_whole_topic_delivered_again_is_all_duplicates",),
    ),
    Row(
        35,
        "Topics in adverse order",
        "facts told backwards",
        "held, then the same balances",
        (f"{_D}topics_in_adverse_order_end_with_the_same_balances",),
    ),
    Row(
        36,
        "One id on two partitions",
        "the same record sent to each",
        "a duplicate; other content a dead letter",
        (f"{_D}one_id_on_two_partitions_is_one_event_and_other_content_is_a_conflict",),
    ),
    Row(
        37,
        "Bytes altered on the way",
        "proxy changes a letter inside a batch",
        "fetched again, never believed",
        ("tests/faults/test_network.py::test_a_record_altered_on_the_way_is_read_again_and_never_believed",),
    ),
    Row(
        38,
        "Compression nobody supports",
        "batches in each compression that a broker lets in",
        "every one is read, so none can stop a partition",
        ("tests/integration/bus/test_compression.py::test_every_compression_of_kafka_is_read",),
    ),
    Row(
        39,
        "Broker comes back empty",
        "as 32",
        "the lane stops and pages; `closebook republish` feeds it again",
        (f"{_PLACES}a_log_that_ends_before_our_position_stops_the_lane",),
    ),
    Row(
        40,
        "No position for a partition",
        "row deleted",
        "nothing is read; paged; not made anew where it was read before",
        (
            f"{_PLACES}a_lane_without_a_position_is_not_read",
            f"{_PLACES}a_place_that_was_lost_is_not_made_anew_at_the_start_of_what_was_read",
            f"{_PLACES}a_place_put_at_the_start_by_hand_stops_its_partition_alone",
        ),
    ),
)
