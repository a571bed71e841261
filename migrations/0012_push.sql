-- Notifications: the key that they are signed with, the devices that get them, and each one that is owed to a device.

create table push_key (
    id          integer primary key check (id = 1),
    -- The public half, as browsers take it.
    public_key  text    not null,
    secret_id   text    not null references secret (id),
    created_at  integer not null
) strict;

create table push_device (
    id          text    primary key,
    name        text    not null,
    -- Where its push service takes messages: whoever knows it can't use it without our key.
    endpoint    text    not null unique,
    p256dh      text    not null,
    auth        text    not null,
    created_at  integer not null,
    sent_at     integer,
    -- Why the last one did not arrive.
    failure     text
) strict;

create table push (
    id           text    primary key,
    device_id    text    not null,
    kind         text    not null check (kind in ('approval', 'withdrawal', 'test')),
    approval_id  text    references approval (id),
    state        text    not null check (state in ('owed', 'sent', 'dropped', 'failed')),
    created_at   integer not null,
    expires_at   integer not null,
    ended_at     integer,
    detail       text
) strict;
create index push_of_approval on push (approval_id) where approval_id is not null;
create index push_ended on push (ended_at) where ended_at is not null;
