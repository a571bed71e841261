-- Terminals: the owner's shells, and those that the AI's commands write to.

create table terminal (
    id          text    primary key,
    kind        text    not null check (kind in ('owner', 'command')),
    host        text    not null,
    -- The Unix user it runs as; known once it runs.
    user        text,
    name        text    not null default '',
    state       text    not null check (state in ('opening', 'running', 'ended', 'lost', 'refused')),
    columns     integer not null,
    rows        integer not null,
    driver      text    not null,
    waits       text    check (waits in ('input', 'password')),
    exec_id     text    unique references exec (id),
    run_id      text    references run (id),
    -- The newest report of its shell host that was taken in: older ones change nothing.
    report      integer not null default 0,
    bytes       integer not null default 0,
    exit        text,
    detail      text,
    created_at  integer not null,
    started_at  integer,
    ended_at    integer
) strict;
-- Ids sort by their age: a list is read in this order.
create index terminal_by_state on terminal (state, id);

-- The keyboard of a terminal, handed to a run: only that run has the secret under which it seals what it types.
create table terminal_hand (
    terminal_id  text    primary key references terminal (id),
    run_id       text    not null references run (id),
    until        integer not null,
    secret_id    text    not null references secret (id),
    note         text    not null default ''
) strict;

-- Commands that have run before there were rows of terminals.
insert into terminal (id, kind, host, user, state, columns, rows, driver, exec_id, run_id, bytes, exit, created_at, started_at, ended_at)
select terminal_id, 'command', host, user,
       case state when 'running' then 'running' when 'unknown' then 'lost' else 'ended' end,
       120, 40, '{"by":"ai","run":"' || run_id || '","paused":false}',
       id, run_id, coalesce(output_bytes, 0), exit, created_at, started_at, ended_at
from exec
where started_at is not null and state in ('running', 'ended', 'unknown');
