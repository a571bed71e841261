-- What the owner allows beforehand: rules, modes, and the version of the book that shell hosts get of them.

create table rule (
    id          text    primary key,
    version     integer not null default 1,
    program     text    not null,
    words       text    not null,
    open        integer not null default 0,
    folder      text    not null,
    -- Absent: in every conversation.
    chat_id     text    references chat (id),
    until       integer,
    times       integer,
    used        integer not null default 0,
    created_at  integer not null,
    last_used_at integer,
    revoked_at  integer,
    check (times is null or used <= times)
) strict;
create index rule_in_force on rule (created_at) where revoked_at is null;

-- Which command used a rule: each counts once.
create table rule_use (
    exec_id  text    primary key references exec (id),
    rule_id  text    not null references rule (id),
    at       integer not null
) strict;
create index rule_use_of_rule on rule_use (rule_id, at desc);

-- One row: rises with every change of a rule or a mode.
create table book (
    id       integer primary key check (id = 1),
    version  integer not null
) strict;
insert into book (id, version) values (1, 0);

-- Absent: the owner never chose one.
alter table chat add column mode text;
alter table chat add column mode_until integer;
alter table token add column mode text;

-- What it started under, where the owner allowed it beforehand; and the AI's own words, where the owner changed them.
alter table exec add column under text;
alter table exec add column edited_from text;

-- From where the answer came, and the rule that was made with it.
alter table approval add column decided_from text;
alter table approval add column rule_id text references rule (id);
