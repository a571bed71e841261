-- Shell hosts on other machines. The one beside api has no row.

create table host (
    name             text    primary key,
    state            text    not null check (state in ('waiting', 'online', 'unreachable', 'revoked')),
    -- Since when it is in that state.
    state_at         integer not null,
    -- What its shell-worker said of itself when it last answered.
    version          text,
    seen_at          integer,
    -- Its link key; absent once it is revoked.
    secret_id        text    references secret (id),
    -- Of the password of its Redis user, which is random: Redis is told this, and nobody else has more.
    password_sha256  text    not null,
    created_at       integer not null
) strict;

create index exec_on_host on exec (host) where state in ('proposed', 'preparing', 'waiting_approval', 'approved', 'running');
