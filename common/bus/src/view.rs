//! What people see of runs and questions who look at Redis through a dashboard: hashes made of the facts, in the same
//! write that publishes them.
//!
//! Best effort: motion for the eye, never read by anything of ours. It holds what facts hold: ids, states, instants; never a
//! prompt, a command or its output. Facts of two processes may arrive in the wrong order, so whatever the slower one says
//! ("it is queued", "it is asked") never replaces what is there.

use metatron_domain::clock::Instant;
use metatron_domain::event::{Event, EventKind};
use metatron_domain::id::{ApprovalId, RunId};
use redis::Pipeline;
use serde_json::Value;

use crate::key;

/// Seconds that a run is shown after its last fact.
const RUN_S: u64 = 7 * 24 * 3_600;
/// Seconds that a question is shown after it was answered, or should have been.
const APPROVAL_S: u64 = 24 * 3_600;

/// Adds to a write of facts what they change for the eye.
pub(crate) fn show(pipe: &mut Pipeline, event: &Event) {
    match event.kind {
        EventKind::ApprovalAsked
        | EventKind::ApprovalDecided
        | EventKind::ApprovalExpired
        | EventKind::ApprovalWithdrawn => show_approval(pipe, event),
        _ => {}
    }
    if let Some(run) = event.run_id {
        show_run(pipe, event, run);
    }
}

fn show_run(pipe: &mut Pipeline, event: &Event, run: RunId) {
    let name = key::run_view(run);
    let at = event.at.to_string();
    let mut fields: Vec<(&str, String)> = Vec::with_capacity(5);
    match event.kind {
        EventKind::RunQueued => {
            pipe.cmd("HSETNX").arg(&name).arg("state").arg("queued").ignore();
            pipe.cmd("HSETNX").arg(&name).arg("queued_at").arg(&at).ignore();
        }
        EventKind::RunStopping => fields.push(("stopping_at", at)),
        EventKind::RunStarted => fields.push(("state", "running".to_owned())),
        EventKind::RunWaiting => fields.extend(text(&event.data, "state").map(|state| ("state", state))),
        EventKind::RunEnded => {
            fields.extend(text(&event.data, "state").map(|state| ("state", state)));
            fields.extend(text(&event.data, "code").map(|code| ("code", code)));
            fields.push(("ended_at", at));
        }
        EventKind::ExecProposed
        | EventKind::ExecApproved
        | EventKind::ExecStarted
        | EventKind::ExecEnded
        | EventKind::ApprovalAsked => {
            fields.extend([("step", event.kind.as_str().to_owned()), ("step_at", at)]);
        }
        _ => return,
    }
    if let Some(chat) = event.chat_id {
        fields.push(("chat_id", chat.to_string()));
    }
    set(pipe, &name, &fields, RUN_S);
}

fn show_approval(pipe: &mut Pipeline, event: &Event) {
    let Some(id) = event.subject.as_deref().and_then(|text| text.parse::<ApprovalId>().ok()) else { return };
    let (name, waiting) = (key::approval_view(id), key::APPROVALS_WAITING.pattern);
    let mut fields: Vec<(&str, String)> = Vec::with_capacity(6);
    fields.extend(text(&event.data, "exec_id").map(|exec| ("exec_id", exec)));
    fields.extend(event.run_id.map(|run| ("run_id", run.to_string())));
    let mut left = APPROVAL_S;
    if event.kind == EventKind::ApprovalAsked {
        let Some(expires) = text(&event.data, "expires_at").as_deref().and_then(Instant::parse) else {
            return;
        };
        // By the length of its time and not by its end: Redis may believe in another time than we do.
        left += expires.since(event.at).as_secs();
        fields.extend(text(&event.data, "risk").map(|risk| ("risk", risk)));
        fields.extend([("asked_at", event.at.to_string()), ("expires_at", expires.to_string())]);
        pipe.cmd("HSETNX").arg(&name).arg("state").arg("waiting").ignore();
        // What was answered before it was shown as waiting goes with the next question.
        pipe.cmd("ZREMRANGEBYSCORE").arg(waiting).arg("-inf").arg(event.at.as_millis()).ignore();
        pipe.cmd("ZADD").arg(waiting).arg(expires.as_millis()).arg(id.to_string()).ignore();
    } else {
        let state = match event.kind {
            EventKind::ApprovalExpired => Some("expired".to_owned()),
            EventKind::ApprovalWithdrawn => Some("withdrawn".to_owned()),
            _ => text(&event.data, "state"),
        };
        fields.extend(state.map(|state| ("state", state)));
        fields.push(("ended_at", event.at.to_string()));
        pipe.cmd("ZREM").arg(waiting).arg(id.to_string()).ignore();
    }
    set(pipe, &name, &fields, left);
}

fn set(pipe: &mut Pipeline, name: &str, fields: &[(&str, String)], left: u64) {
    if !fields.is_empty() {
        pipe.cmd("HSET").arg(name);
        for (field, value) in fields {
            pipe.arg(*field).arg(value);
        }
        pipe.ignore();
    }
    pipe.cmd("EXPIRE").arg(name).arg(left).ignore();
}

/// A word of a fact; nothing where it is absent or more than a word.
fn text(data: &Value, field: &str) -> Option<String> {
    data.get(field).and_then(Value::as_str).map(str::to_owned)
}
