-- The instance itself, the facts that happened to it, and the work it owes.

create table instance (
    id          integer primary key check (id = 1),
    uuid        text    not null,
    -- A known text sealed under the master key: a wrong key fails here, before it can do harm.
    key_check   blob,
    -- How often the master key has wrapped a data key: its nonces are random, so it has to be replaced in time.
    key_wraps   integer not null default 0,
    created_at  integer not null
) strict;

-- One total order of facts. `eid` is what clients resume from; autoincrement never gives a number twice.
create table event (
    eid      integer primary key autoincrement,
    kind     text    not null,
    at       integer not null,
    actor    text    not null,
    chat_id  text,
    run_id   text,
    subject  text,
    data     text    not null default '{}'
) strict;
create index event_by_chat on event (chat_id, eid) where chat_id is not null;
create index event_by_run on event (run_id, eid) where run_id is not null;

-- Owed work. Redis carries it; this row is its truth, and `epoch` its only fence.
create table job (
    id          text    primary key,
    queue       text    not null,
    priority    text    not null check (priority in ('high', 'low')),
    kind        text    not null,
    subject     text    not null,
    state       text    not null check (state in ('queued', 'claimed', 'done', 'dead')),
    epoch       integer not null default 0,
    holder      text,
    attempt     integer not null default 0,
    due_at      integer not null,
    -- The entry id in Redis that carries it now; absent until it was carried there.
    entry       text,
    cause       text,
    created_at  integer not null,
    ended_at    integer
) strict;
create index job_owed on job (id) where state in ('queued', 'claimed');
create unique index job_open_once on job (kind, subject) where state in ('queued', 'claimed');
create index job_ended on job (ended_at) where state in ('done', 'dead');

-- Answers already given to requests that carried an Idempotency-Key; kept for a day.
create table idempotency (
    key         text    not null,
    who         text    not null,
    request     text    not null,
    status      integer not null,
    body        text    not null,
    created_at  integer not null,
    primary key (who, key)
) strict;
