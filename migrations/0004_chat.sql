-- Conversations. A message of the AI is one complete model turn; its commands hang on (run_id, turn).

create table chat (
    id          text    primary key,
    title       text    not null,
    created_at  integer not null,
    updated_at  integer not null,
    deleted_at  integer
) strict;
create index chat_recent on chat (updated_at desc, id) where deleted_at is null;

create table message (
    id          text    primary key,
    chat_id     text    not null references chat (id),
    seq         integer not null,
    run_id      text,
    turn        integer,
    role        text    not null check (role in ('owner', 'ai', 'system')),
    actor       text    not null,
    text        text    not null,
    created_at  integer not null,
    unique (chat_id, seq)
) strict;
create unique index message_of_turn on message (run_id, turn) where role = 'ai';
