-- Who may ask that a command starts under a rule or a mode: the key of the warrants, and the warrant of each such command.

alter table book add column secret_id text references secret (id);
alter table exec add column warrant text;
