-- Undo: what was kept of a command, and each undo that the owner asked for. The files are their shell host's.

-- What was kept of what it touched, and how much of that it changed; absent where it only read.
alter table exec add column kept text;

create table undo (
    id          text    primary key,
    host        text    not null,
    -- A command, an undo, or a part of a snapshot.
    of          text    not null,
    -- The id of what is undone.
    subject     text    not null,
    state       text    not null check (state in ('running', 'done', 'refused', 'cut')),
    -- What was done.
    undone      text,
    -- Why nothing was.
    detail      text,
    created_at  integer not null,
    ended_at    integer
) strict;
create index undo_of_subject on undo (subject, created_at);
create index undo_running on undo (created_at) where state = 'running';
