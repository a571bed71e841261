//! What a client is told: facts by its topics, and what flows live.

use std::sync::Arc;

use axum::extract::ws::Message;
use metatron_bus::live::LiveRun;
use metatron_domain::event::Event;

use super::super::frame::{self, ServerFrame, Topic};
use super::super::live::Live;
use super::super::typing::Typed;
use super::{BEHIND, Connection};
use crate::follow::Told;

impl Connection {
    pub(super) fn tell(&self, told: &Told) {
        match told {
            Told::Fact(event) => {
                let event: &Arc<Event> = event;
                for topic in self.topics.iter().filter(|topic| topic.takes(event)) {
                    self.fact(*topic, event);
                }
            }
            Told::Gap { from, to } => {
                for topic in &self.topics {
                    self.missed(*topic, *from, *to);
                }
            }
        }
    }

    pub(super) fn fact(&self, topic: Topic, event: &Event) {
        self.send(&ServerFrame::Fact(frame::FactFrame {
            ev: event.kind,
            topic: topic.to_string(),
            eid: event.eid,
            at: event.at,
            data: event.clone(),
        }));
    }

    /// Facts that a topic can't be told any more. A terminal's topic stays silent: there a gap is one of its bytes.
    pub(super) fn missed(&self, topic: Topic, from: i64, to: i64) {
        if matches!(topic, Topic::Terminal(_)) {
            return;
        }
        let (ev, topic) = (frame::GapKind::Gap, topic.to_string());
        self.send(&ServerFrame::Gap(frame::GapFrame { ev, topic, from, to, turn: None, attempt: None }));
    }

    /// What belongs to a terminal keeps its order: it waits behind the bytes that came before.
    fn show(&self, frame: &ServerFrame) {
        match serde_json::to_string(frame) {
            Ok(text) => self.out.show(Message::Text(text.into())),
            Err(error) => tracing::error!(%error, "a frame can't be written"),
        }
    }

    pub(super) fn tell_typed(&self, typed: Typed) {
        match typed {
            Typed::Until(topic, n) => {
                let (ev, topic) = (frame::PressedKind::Pressed, topic.to_string());
                self.send(&ServerFrame::Pressed(frame::PressedFrame { ev, topic, n }));
            }
            Typed::Dropped(topic, refusal) => {
                let (topic, error) = (Some(topic.to_string()), refusal.problem(None));
                self.send(&ServerFrame::Error(frame::ErrorFrame { id: None, topic, error }));
            }
        }
    }

    /// Tells how many look at what it looks at, where that is news.
    pub(super) fn tell_viewers(&mut self) {
        let news: Vec<_> =
            self.seats.iter_mut().filter_map(|(topic, seat)| Some((*topic, seat.news()?))).collect();
        for (topic, viewers) in news {
            let (ev, topic) = (frame::ViewersKind::Viewers, topic.to_string());
            self.send(&ServerFrame::Viewers(frame::ViewersFrame { ev, topic, viewers }));
        }
    }

    /// Passes on what flows.
    pub(super) fn flow(&mut self, topic: Topic, number: u32, live: Live) {
        match live {
            Live::Bytes { .. } if self.out.waiting() > BEHIND && self.channels.is_screen(topic) => {
                // It can't keep up: what it would see of all this is the last screen.
                self.channels.remove(topic);
                self.behind.push((topic, number));
            }
            Live::Bytes { from, bytes, framed } => {
                let make = || (number, frame::output(number, from, &bytes));
                let frame = match framed.as_ref().map(|framed| framed.get_or_init(make)) {
                    Some((same, frame)) if *same == number => frame.clone(),
                    _ => make().1,
                };
                self.out.show(Message::Binary(frame));
            }
            Live::Screen { offset, size, dump, stretches } => {
                let (ev, topic) = (frame::ScreenKind::Screen, topic.to_string());
                let screen = frame::ScreenFrame { ev, topic, offset, size, stretches };
                self.show(&ServerFrame::Screen(screen));
                self.out.show(Message::Binary(frame::screen(number, offset, &dump)));
                self.typing.missed(number);
            }
            Live::Status(status) => {
                let (ev, topic, status) = (frame::StatusKind::Status, topic.to_string(), (*status).into());
                self.show(&ServerFrame::Status(frame::StatusFrame { ev, topic, status }));
            }
            Live::Pressed { sequence } => self.typing.typed(number, sequence),
            Live::Missing { from, to } => {
                let (ev, topic) = (frame::GapKind::Gap, topic.to_string());
                let (from, to, turn, attempt) = (signed(from), signed(to), None, None);
                self.show(&ServerFrame::Gap(frame::GapFrame { ev, topic, from, to, turn, attempt }));
            }
            Live::End { bytes, exit } => {
                self.channels.remove(topic);
                self.seats.remove(&topic);
                self.typing.end(number);
                let (ev, topic) = (frame::TerminalEndKind::TerminalEnd, topic.to_string());
                let end = frame::TerminalEndFrame { ev, topic, offset: bytes, exit };
                self.show(&ServerFrame::TerminalEnd(end));
            }
            Live::Run(live) => self.flow_of_run(topic, live),
        }
    }

    fn flow_of_run(&mut self, of: Topic, live: LiveRun) {
        let topic = of.to_string();
        match live {
            LiveRun::Gap { turn, attempt, from, to } => {
                let (ev, turn, attempt) = (frame::GapKind::Gap, Some(turn), Some(attempt));
                let (from, to) = (signed(from), signed(to));
                self.send(&ServerFrame::Gap(frame::GapFrame { ev, topic, from, to, turn, attempt }));
            }
            LiveRun::Turn { turn, attempt } => {
                let ev = frame::TurnKind::Turn;
                self.send(&ServerFrame::Turn(frame::TurnFrame { ev, topic, turn, attempt }));
            }
            LiveRun::Delta { turn, attempt, offset, text } => {
                let ev = frame::DeltaKind::Delta;
                let delta = frame::DeltaFrame { ev, topic, turn, attempt, offset, text };
                self.send(&ServerFrame::Delta(delta));
            }
            LiveRun::End => self.channels.remove(of),
        }
    }
}

fn signed(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}
