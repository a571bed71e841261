-- What may run as root, with whose power a command runs, and the mark of runs that untrusted content has entered.

-- Part of what shell hosts are told of the owner's wishes: it changes with the version of the book.
alter table book add column elevated text not null default 'off' check (elevated in ('off', 'packages', 'commands'));
alter table book add column elevated_at integer;

-- Absent: the AI's own user.
alter table exec add column power text;

-- Absent: nothing that came from outside has entered it. A mark can be added and never taken away.
alter table run add column tainted_at integer;
alter table run add column taint text;
create trigger run_taint_stays before update of tainted_at, taint on run
    when old.tainted_at is not null and (new.tainted_at is not old.tainted_at or new.taint is not old.taint)
begin
    select raise(abort, 'a mark can be added and never taken away');
end;

-- What ran without a question, as the history shows it.
create index exec_under on exec (id) where under is not null;
