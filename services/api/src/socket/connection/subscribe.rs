//! What a client listens to: topics, where it goes on in each, and what it missed.

use futures::StreamExt as _;
use metatron_bus::live::RunPos;
use metatron_domain::id::{RunId, TerminalId};

use super::super::frame::{From, Topic};
use super::super::live::{Channel, Live};
use super::super::terminal::{self, Begin};
use super::{Connection, TOPICS};
use crate::error::{Answer, ApiError, Code};
use crate::recording::{Stage, Tape};

/// Facts of one read, and of one replay at most: who is further behind fetches anew.
const PAGE: u32 = 500;
const REPLAY: i64 = 10_000;

impl Connection {
    pub(super) async fn subscribe(
        &mut self,
        id: u64,
        name: &str,
        after: Option<i64>,
        from: Option<From>,
    ) -> Answer<()> {
        let topic: Topic = name.parse().map_err(|()| ApiError::not_found("topic"))?;
        if self.topics.len() >= TOPICS && !self.topics.contains(&topic) {
            let detail = format!("Unsubscribe from something first: {TOPICS} topics are the most.");
            return Err(ApiError::new(Code::BadRequest, detail));
        }
        match topic {
            Topic::Terminal(terminal) => self.listen(id, topic, terminal, from).await?,
            Topic::Run(run) => {
                self.listen_to_run(topic, run, from).await?;
                self.agree(id, None, false);
            }
            Topic::Chat(chat) => {
                self.app.store.chat(chat).await?;
                self.agree(id, None, false);
            }
            Topic::Events | Topic::Approvals | Topic::Services | Topic::Terminals => {
                self.agree(id, None, false);
            }
        }
        self.topics.insert(topic);
        match after {
            Some(after) => self.replay(topic, after).await,
            None => Ok(()),
        }
    }

    async fn listen(
        &mut self,
        id: u64,
        topic: Topic,
        terminal: TerminalId,
        from: Option<From>,
    ) -> Answer<()> {
        let begin = match from {
            None => Begin::Offset(0),
            Some(From::Offset(from)) => Begin::Offset(from),
            Some(From::Screen(_)) => Begin::Screen,
            Some(From::Run(_)) => {
                return Err(ApiError::new(
                    Code::BadRequest,
                    "`from` of a terminal is an offset, or `screen`.",
                ));
            }
        };
        let tape = Tape::of(&self.app, terminal).await?;
        let number = self.next_channel;
        self.next_channel = self.next_channel.wrapping_add(1).max(1);
        self.leave(topic);
        let over = matches!(tape.stage, Stage::Over | Stage::Never);
        self.typing.add(number, topic, terminal, tape.host.clone(), over);
        let stream = terminal::follow(&self.app, tape, begin);
        self.channels.add(Channel { topic, number, screen: begin == Begin::Screen, stream });
        self.agree(id, Some(number), false);
        // Who looks at what is over looks at a recording.
        if !over {
            self.seats.insert(topic, self.app.viewers.sit(terminal));
        }
        Ok(())
    }

    /// Listens to a topic no more.
    pub(super) fn leave(&mut self, topic: Topic) {
        self.channels.remove(topic);
        self.seats.remove(&topic);
        self.typing.remove(topic);
        self.behind.retain(|(other, _)| *other != topic);
    }

    /// Terminals whose output was too much begin again, at their screen as it is now.
    pub(super) fn begin_again(&mut self) {
        for (topic, number) in std::mem::take(&mut self.behind) {
            let Topic::Terminal(terminal) = topic else { continue };
            let stream = terminal::anew(&self.app, terminal);
            self.channels.add(Channel { topic, number, screen: true, stream });
        }
    }

    async fn listen_to_run(&mut self, topic: Topic, run: RunId, from: Option<From>) -> Answer<()> {
        let position = match from {
            None => None,
            Some(From::Run(from)) => {
                Some(RunPos { turn: from.turn, attempt: from.attempt, offset: from.offset })
            }
            Some(From::Offset(_) | From::Screen(_)) => {
                return Err(ApiError::new(
                    Code::BadRequest,
                    "`from` of a run is a turn, an attempt and an offset.",
                ));
            }
        };
        let row = self.app.store.run(run).await?;
        self.channels.remove(topic);
        if !row.state.is_terminal() {
            let stream = self.app.bus.hub().follow_run(run, position).map(Live::Run).boxed();
            self.channels.add(Channel { topic, number: 0, screen: false, stream });
        }
        Ok(())
    }

    /// Tells a topic what it missed: the facts after `after`, up to where this connection stands.
    async fn replay(&mut self, topic: Topic, after: i64) -> Answer<()> {
        let (first, _) = self.app.store.event_range().await?;
        let until = self.facts.position();
        // A number from the future is of another life of this database: nothing was missed.
        let mut position = after.clamp(0, until.max(0));
        if position + 1 < first || until - position > REPLAY {
            self.missed(topic, position + 1, until);
            return Ok(());
        }
        while position < until {
            let events = self.app.store.events_after(position, PAGE).await?;
            let Some(last) = events.last() else { break };
            let reached = last.eid;
            for event in events.into_iter().filter(|event| event.eid <= until && topic.takes(event)) {
                self.fact(topic, &event);
            }
            position = reached;
            if position < until && tokio::time::timeout(self.app.limits.slow, self.out.eased()).await.is_err()
            {
                self.missed(topic, position + 1, until);
                break;
            }
        }
        Ok(())
    }
}
