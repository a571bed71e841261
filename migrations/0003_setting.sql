-- Settings, secrets at rest, model providers and their test calls.

create table setting (
    key         text    primary key,
    value       text    not null,
    version     integer not null default 1,
    updated_at  integer not null
) strict;

create table secret (
    id          text    primary key,
    name        text    not null,
    created_at  integer not null,
    deleted_at  integer
) strict;
create unique index secret_name on secret (name) where deleted_at is null;

-- Each version has a data key of its own, wrapped by the master key.
create table secret_version (
    secret_id    text    not null references secret (id) on delete cascade,
    version      integer not null,
    key_id       text    not null,
    dek_nonce    blob    not null,
    dek_wrapped  blob    not null,
    nonce        blob    not null,
    ciphertext   blob    not null,
    created_at   integer not null,
    primary key (secret_id, version)
) strict;

create table provider (
    id          text    primary key,
    name        text    not null,
    kind        text    not null check (kind in ('openai', 'demo')),
    base_url    text    not null default '',
    model       text    not null,
    secret_id   text    references secret (id),
    is_default  integer not null default 0,
    -- Millionths of a US dollar for a million tokens.
    price_in    integer not null default 0,
    price_out   integer not null default 0,
    version     integer not null default 1,
    created_at  integer not null,
    updated_at  integer not null
) strict;
create unique index provider_default on provider (is_default) where is_default = 1;

create table probe (
    id           text    primary key,
    provider_id  text    references provider (id) on delete cascade,
    kind         text    not null check (kind in ('openai', 'demo')),
    base_url     text    not null,
    model        text    not null,
    secret_id    text    references secret (id),
    state        text    not null check (state in ('queued', 'running', 'ok', 'failed')),
    reply        text,
    error        text,
    created_at   integer not null,
    ended_at     integer
) strict;
