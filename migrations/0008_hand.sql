-- Terminals in the hands of the AI: commands that it types into, and the question that stands before that.

alter table exec add column interactive integer not null default 0;
alter table exec add column columns integer;
alter table exec add column rows integer;
-- When its call was answered although it runs: from then on its run does not wait for it.
alter table exec add column detached_at integer;

-- The number under which what the call types travels: minted before it is sent, so that it is never typed twice.
alter table tool_call add column sequence integer;

-- A question is about a command, or about the keyboard of a terminal.
create table approval_of_both (
    id            text    primary key,
    run_id        text    not null references run (id),
    exec_id       text    unique references exec (id),
    -- What the AI wants to type where, for how long: as the owner is shown it.
    hand          text,
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
    sealed_grant  text,
    check ((exec_id is null) <> (hand is null))
) strict;
insert into approval_of_both
    (id, run_id, exec_id, state, risk, digest, nonce, asked_at, expires_at, decided_at, decided_by, reason, sealed_grant)
select id, run_id, exec_id, state, risk, digest, nonce, asked_at, expires_at, decided_at, decided_by, reason, sealed_grant
from approval;
drop table approval;
alter table approval_of_both rename to approval;
create index approval_waiting on approval (expires_at) where state = 'waiting';
-- A run asks for one keyboard at a time.
create unique index approval_hand_once on approval (run_id) where state = 'waiting' and hand is not null;
