"""The bench's SQL: what stands in the bus tables, read and changed for operators."""

_LETTER = """
  id, topic, partition_no as partition, kafka_offset as offset, event_id, type, reason_class, reason_code as reason,
  field, detail, fingerprint, pence as amount_pence, status, attempts, first_seen, last_attempt, decided_by,
  decision_note
"""
LETTERS = f"""
select {_LETTER} from msg.dead_letter
where ($1::text is null or status = $1) and id > $2 and ($4::text is null or fingerprint = $4) order by id limit $3
"""  # noqa: S608 - the fragment is ours
LETTER = f"""
select {_LETTER}, raw_key, raw_value, raw_headers from msg.dead_letter where id = $1
"""  # noqa: S608 - the fragment is ours
DISCARD = """
update msg.dead_letter set status = 'discarded', decided_by = $2, decision_note = $3, last_attempt = now()
where id = $1 and status = 'open' returning topic, partition_no, kafka_offset, pence, reason_code
"""
GROUPS = """
select fingerprint, topic, reason_class, reason_code as reason, field, count(*) as letters,
  sum(pence)::bigint as amount_pence, min(first_seen) as first_seen, max(last_attempt) as last_seen, min(id) as example
from msg.dead_letter where status = 'open' group by fingerprint, topic, reason_class, reason_code, field
order by count(*) desc, fingerprint
"""
HELD = """
select event_uid, topic, partition_no as partition, kafka_offset as offset, needs, pence as amount_pence,
  own_book as since_book, held_at as since
from msg.held where $1::uuid is null or event_uid > $1 order by event_uid limit $2
"""
COUNTS = """
select (select count(*) from msg.outbox_pending) as outbox,
  (select count(*) from msg.held) as held,
  (select count(*) from msg.dead_letter where status = 'open') as dead_letters,
  gate.working, gate.stage, gate.last_closed
from msg.gate as gate
"""
LANES = """
select topic, partition_no as partition, next_offset as position, quarantined_at is not null as quarantined,
  quarantine_reason as reason
from msg.position order by topic, partition_no
"""
RELEASE = """
update msg.position set quarantined_at = null, quarantine_reason = null, failures = 0
where quarantined_at is not null and ($1::text is null or topic = $1) and ($2::int is null or partition_no = $2)
returning topic, partition_no as partition
"""
IS_READ = """
select exists (select from msg.position
  where ($1::text is null or topic = $1) and ($2::int is null or partition_no = $2))
"""
REPUBLISH = """
with wanted as (
  select seq from msg.event_log
  where topic = $1 and (book = $2 or (book = $3 and $2 = (select min(day) from msg.closed_day)))
), said as (
  insert into msg.outbox_pending (seq) select seq from wanted order by seq on conflict do nothing returning seq
)
select count(*) from wanted
"""
"""The book before the first business day counts as part of that day: it was closed with it."""

ACCEPT = """
insert into msg.accepted_difference (day, topic, who, reason) values ($1, $2, $3, $4)
on conflict (day, topic) do nothing
"""
_DIGEST = "encode(bit_send(bit_xor(('x' || replace(event_uid::text, '-', ''))::bit(128))), 'hex')"

SAID = f"""
select topic, count(*) as events, coalesce(sum(pence), 0)::bigint as amount_pence,
  right({_DIGEST}, 32) as digest
from msg.event_log where octet_length(body) > 0 group by topic
"""  # noqa: S608 - the fragment is ours
"""A tombstone is no event: hearers take nothing in."""
HEARD = f"""
select topic, disposition, count(*) as events, coalesce(sum(pence), 0)::bigint as amount_pence,
  right({_DIGEST}, 32) as digest
from msg.inbox group by topic, disposition
"""  # noqa: S608 - the fragment is ours

_PUT_ASIDE = """
seen.disposition = 'X' and seen.event_uid in (
  select event_uid from msg.dead_letter where status = 'discarded' and reason_code = 'wrong-source')
"""
ASIDE = f"""
select seen.topic, count(*) as events, coalesce(sum(seen.pence), 0)::bigint as amount_pence,
  right({_DIGEST}, 32) as digest
from msg.inbox as seen where {_PUT_ASIDE} group by seen.topic
"""  # noqa: S608 - the fragments are ours
"""Events of others on our services' topics, whose letters were discarded: their owner never said them."""
ACCEPTED = f"""
with named as (
  select topics.topic, upstream.service, max(upstream.day) as day
  from msg.accepted_difference as accepted join msg.upstream_closed as upstream using (day)
  cross join lateral jsonb_object_keys(upstream.totals) as topics (topic)
  where accepted.topic in ('*', topics.topic) and exists (select from msg.position where topic = topics.topic)
  group by topics.topic, upstream.service
), compared as (
  select named.topic, coalesce((upstream.totals -> named.topic ->> 'events')::bigint, 0) - taken.events as events,
    coalesce((upstream.totals -> named.topic ->> 'amount_pence')::bigint, 0) - taken.pence as amount_pence
  from named join msg.upstream_closed as upstream using (service, day)
  cross join lateral (
    select count(*) as events, coalesce(sum(seen.pence), 0)::bigint as pence from msg.inbox as seen
    where seen.topic = named.topic and seen.book <= named.day and not ({_PUT_ASIDE})) as taken
)
select topic, events, amount_pence from compared where events <> 0 or amount_pence <> 0
"""  # noqa: S608 - the fragments are ours
"""By how much less than its sender says was taken in of a topic, over all books up to the last day for which that was
accepted; what came afterwards does not differ any more."""

VERSION_GAP = """
select topic, msg_key, count(*) as events, max(aggver) as highest from msg.event_log
group by topic, msg_key having count(*) <> max(aggver) or min(aggver) <> 1 order by topic, msg_key limit 1
"""
RANGE_GAP = """
select topic, partition_no, from_offset, expected from (
  select topic, partition_no, from_offset,
    coalesce(lag(to_offset) over (partition by topic, partition_no order by from_offset), from_offset) as expected
  from msg.batch_log) as ranges
where from_offset <> expected order by topic, partition_no, from_offset limit 1
"""

FIGURES = """
select (select count(*) from msg.outbox_pending) as outbox,
  (select extract(epoch from now() - log.recorded_at) from msg.outbox_pending as pending
    join msg.event_log as log using (seq) order by seq limit 1) as outbox_age,
  (select count(*) from msg.held) as held,
  (select extract(epoch from now() - min(held_at)) from msg.held) as held_age,
  (select count(*) from msg.position where quarantined_at is not null) as quarantined,
  (select extract(epoch from now() - min(first_seen)) from msg.dead_letter where status = 'open') as letter_age,
  (select count(*) from msg.ended_day where day > coalesce(gate.last_closed, date '-infinity')) as days_to_close,
  gate.last_closed - date '1970-01-01' as last_day, gate.working is not null as working
from msg.gate as gate
"""
LETTERS_BY_CLASS = (
    "select reason_class, count(*) as letters from msg.dead_letter where status = 'open' group by reason_class"
)
