-- The audit: a chain of rows that only grows. Each row's hash covers its own bytes and the hash before it, so that nothing
-- in it can be changed, taken out or moved without breaking what follows; the head is sealed and told to a witness.

create table audit (
    -- 1, 2, 3 …, without holes: a trigger sees to it.
    seq      integer primary key,
    at       integer not null,
    kind     text    not null,
    actor    text    not null,
    chat_id  text,
    run_id   text,
    subject  text,
    -- Ids, states and digests; never a command's text, a prompt, an output or a secret.
    data     text    not null,
    -- SHA-256 in hex.
    hash     text    not null
) strict;
create index audit_by_subject on audit (subject) where subject is not null;

create trigger audit_is_never_changed before update on audit
begin select raise(abort, 'the audit is never changed'); end;
create trigger audit_is_never_deleted before delete on audit
begin select raise(abort, 'the audit is never deleted'); end;
create trigger audit_grows_at_its_end before insert on audit
when new.seq is not coalesce((select max(seq) from audit), 0) + 1
begin select raise(abort, 'the audit grows at its end only'); end;

-- The head as it was sealed last, under a key that is not in the database.
create table audit_seal (
    id     integer primary key check (id = 1),
    count  integer not null,
    hash   text    not null,
    at     integer not null,
    tag    text    not null
) strict;
