//! What flows live to one client: the streams it listens to, each in its own order, none in front of the others.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use futures::stream::BoxStream;
use metatron_bus::live::LiveRun;
use metatron_domain::exec::Exit;
use metatron_domain::terminal::Size;
use metatron_domain::terminal::message::{Status, Stretch};

use super::frame::Topic;
use crate::shelf::Framed;

/// A piece of what flows.
#[derive(Debug, Clone)]
pub(super) enum Live {
    /// Of a run.
    Run(LiveRun),
    /// Terminal output.
    Bytes {
        /// The offset of the first byte.
        from: u64,
        /// The bytes.
        bytes: Bytes,
        /// The frame of it, where others may need the same.
        framed: Option<Framed>,
    },
    /// Terminal output that can't be had now.
    Missing {
        /// The first missing byte.
        from: u64,
        /// The first byte after the hole.
        to: u64,
    },
    /// A terminal's screen: what was told before is void.
    Screen {
        /// Bytes of output that made it.
        offset: u64,
        /// Its size.
        size: Size,
        /// What a terminal has to be fed.
        dump: Bytes,
        /// Who had the keyboard when its rows were written.
        stretches: Vec<Stretch>,
    },
    /// A terminal stands otherwise than before.
    Status(Box<Status>),
    /// Keys up to this number were typed.
    Pressed {
        /// The number.
        sequence: u64,
    },
    /// The terminal has ended.
    End {
        /// Bytes in all.
        bytes: u64,
        /// How, if it is known.
        exit: Option<Exit>,
    },
}

/// A stream that somebody listens to.
pub(super) struct Channel {
    pub(super) topic: Topic,
    pub(super) number: u32,
    /// Whether the client began at the screen, and takes a new one instead of what it can't keep up with.
    pub(super) screen: bool,
    pub(super) stream: BoxStream<'static, Live>,
}

/// Every stream of one client.
#[derive(Default)]
pub(super) struct Channels {
    open: Vec<Channel>,
    /// Whose turn it is.
    turn: usize,
}

impl Channels {
    pub(super) fn add(&mut self, channel: Channel) {
        self.remove(channel.topic);
        self.open.push(channel);
    }

    pub(super) fn remove(&mut self, topic: Topic) {
        self.open.retain(|channel| channel.topic != topic);
    }

    pub(super) fn is_screen(&self, topic: Topic) -> bool {
        self.open.iter().any(|channel| channel.topic == topic && channel.screen)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

impl Stream for Channels {
    type Item = (Topic, u32, Live);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut left = self.open.len();
        while left > 0 && !self.open.is_empty() {
            left -= 1;
            let at = self.turn % self.open.len();
            self.turn = at + 1;
            let channel = &mut self.open[at];
            match channel.stream.as_mut().poll_next(cx) {
                Poll::Ready(Some(live)) => return Poll::Ready(Some((channel.topic, channel.number, live))),
                Poll::Ready(None) => {
                    self.open.remove(at);
                    self.turn = at;
                }
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }
}
