-- The owner, sessions, API tokens, and what slows a guesser down.

create table owner (
    id             integer primary key check (id = 1),
    password_hash  text    not null,
    created_at     integer not null,
    updated_at     integer not null
) strict;

create table claim_code (
    id          integer primary key check (id = 1),
    hash        text    not null,
    expires_at  integer not null,
    used_at     integer
) strict;

create table session (
    id            text    primary key,
    cookie_hash   text    not null unique,
    created_at    integer not null,
    last_seen_at  integer not null,
    expires_at    integer not null,
    reauth_at     integer not null,
    user_agent    text    not null default '',
    address       text    not null default '',
    closed_at     integer
) strict;

create table token (
    id            text    primary key,
    name          text    not null,
    hash          text    not null unique,
    scopes        text    not null,
    created_at    integer not null,
    expires_at    integer not null,
    last_used_at  integer,
    revoked_at    integer
) strict;

create table login_throttle (
    address        text    primary key,
    failures       integer not null,
    blocked_until  integer not null,
    updated_at     integer not null
) strict;

create table known_device (
    hash        text    primary key,
    created_at  integer not null
) strict;
