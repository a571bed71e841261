-- What the owner planned for later. When, and what became of it, stands in the ledger of time: a row of `tick` for the task.

create table task (
    id          text    primary key,
    -- A conversation of its own: its mode, and the rules for it alone, are that conversation's.
    chat_id     text    not null unique references chat (id),
    text        text    not null,
    -- How late it may begin.
    grace_min   integer not null,
    created_at  integer not null
) strict;

alter table tick add column run_id text references run (id);
create unique index tick_of_run on tick (run_id) where run_id is not null;
create index tick_due on tick (instant) where state = 'planned' and task <> 'heartbeat';

create index tick_past on tick (coalesce(claimed_at, ended_at, instant), task) where state <> 'planned' and task <> 'heartbeat';

-- What work that nobody watches did lately is counted before it does more.
create index exec_created on exec (created_at);
create index turn_started on turn (started_at);
