-- Runs and their journal: model turns, tool calls, commands, and the questions put to the owner.

create table run (
    id              text    primary key,
    chat_id         text    not null references chat (id),
    origin          text    not null,
    actor           text    not null,
    state           text    not null,
    stop_requested  integer not null default 0,
    -- The newest message the model has been shown.
    seen_seq        integer not null default 0,
    budget          text    not null,
    turns           integer not null default 0,
    tokens_in       integer not null default 0,
    tokens_out      integer not null default 0,
    cost_micros     integer not null default 0,
    active_ms       integer not null default 0,
    provider_id     text,
    model           text,
    error           text,
    created_at      integer not null,
    started_at      integer,
    ended_at        integer
) strict;
create index run_of_chat on run (chat_id, created_at);
create index run_by_state on run (state, created_at);
-- One conversation, one run at work: a later message is read by the run that is there.
create unique index run_open_once on run (chat_id)
    where state not in ('succeeded', 'failed', 'cancelled', 'expired');

-- One row per attempt at a model turn. Written before the call, completed after it; a cut one stays and is charged.
create table turn (
    run_id         text    not null references run (id),
    turn           integer not null,
    attempt        integer not null,
    state          text    not null check (state in ('asked', 'complete', 'cut')),
    text           text    not null default '',
    finish_reason  text,
    model          text,
    tokens_in      integer not null default 0,
    tokens_out     integer not null default 0,
    cost_micros    integer not null default 0,
    error          text,
    started_at     integer not null,
    ended_at       integer,
    primary key (run_id, turn, attempt)
) strict;

-- Every tool call of a complete turn, journalled before it has an effect.
create table tool_call (
    run_id     text    not null references run (id),
    turn       integer not null,
    idx        integer not null,
    call_id    text    not null,
    name       text    not null,
    arguments  text    not null,
    exec_id    text,
    -- What the model is told; absent while it is open.
    result     text,
    primary key (run_id, turn, idx)
) strict;

create table exec (
    id             text    primary key,
    run_id         text    not null references run (id),
    turn           integer not null,
    idx            integer not null,
    terminal_id    text    not null unique,
    command        text    not null,
    cwd            text,
    host           text    not null,
    user           text,
    why            text    not null default '',
    timeout_s      integer not null,
    state          text    not null,
    judgement      text,
    measure        text,
    digest         text,
    started_at     integer,
    ended_at       integer,
    exit           text,
    output_text    text,
    output_bytes   integer,
    output_sha256  text,
    truncated      integer not null default 0,
    error_code     text,
    error_detail   text,
    created_at     integer not null,
    unique (run_id, turn, idx)
) strict;
create index exec_by_state on exec (state);

create table approval (
    id            text    primary key,
    run_id        text    not null references run (id),
    exec_id       text    not null unique references exec (id),
    state         text    not null check (state in ('waiting', 'allowed', 'denied', 'expired', 'withdrawn')),
    risk          text    not null,
    digest        text    not null,
    nonce         text    not null,
    asked_at      integer not null,
    expires_at    integer not null,
    decided_at    integer,
    decided_by    text,
    reason        text,
    -- The grant, sealed under the link key: useless to whoever reads it here.
    sealed_grant  text
) strict;
create index approval_waiting on approval (expires_at) where state = 'waiting';
