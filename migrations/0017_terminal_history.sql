-- Whose the keyboard of a terminal was: its facts, found by the terminal, and what was said with each hand-over.

create index event_of_terminal on event (subject, eid) where kind glob 'terminal.*';

-- The fact of a hand-over names its run and its end, and never what was said: facts go through Redis.
create table hand_note (
    terminal_id  text    not null references terminal (id),
    run_id       text    not null references run (id),
    until        integer not null,
    note         text    not null,
    primary key (terminal_id, run_id, until)
) strict;
