-- What is known about undoing a command before anybody answers, for the card alone; absent where nobody looked.
alter table exec add column forecast text;
