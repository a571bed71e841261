-- The heartbeat's ledger: a row per (task, planned instant), claimed before work starts, terminal once.

create table tick (
    task        text    not null,
    instant     integer not null,
    state       text    not null check (state in ('planned', 'claimed', 'done', 'failed', 'missed', 'skipped', 'unknown')),
    holder      text,
    note        text,
    claimed_at  integer,
    ended_at    integer,
    primary key (task, instant)
) strict;
