import { expect, test } from "vitest"
import type { Fact } from "../../api/model"
import { en } from "../../i18n/en"
import { history } from "./history"

let eid = 0
const fact = (type: Fact["type"], by: Fact["actor"]["kind"], data: object, minute = 0): Fact => ({
  eid: ++eid,
  type,
  at: `2026-11-27T10:${String(minute).padStart(2, "0")}:00Z`,
  actor: { kind: by } as Fact["actor"],
  data,
})
const run = "run_1"

test("the history of a keyboard, the newest first, and nothing that is not about it", () => {
  const lines = history(
    { notes: [], items: [
      fact("terminal.created", "owner", {}),
      fact("terminal.opened", "owner", { driver: { by: "owner" } }),
      fact("terminal.updated", "owner", { driver: { by: "owner" } }),
      fact("terminal.drive", "owner", { driver: { by: "ai", run, until: "2026-11-27T10:12:00Z", paused: false } }, 2),
      fact("terminal.drive", "schedule", { driver: { by: "ai", run, until: "2026-11-27T10:12:00Z", paused: true } }, 4),
      fact("terminal.waits", "schedule", { driver: { by: "ai", run, paused: true }, waits: "password" }, 4),
      fact("terminal.drive", "owner", { driver: { by: "ai", run, until: "2026-11-27T10:12:00Z", paused: false } }, 5),
      fact("terminal.drive", "owner", { driver: { by: "owner" } }, 6),
      fact("terminal.ended", "schedule", { state: "lost" }, 7),
    ] },
    en,
  )
  expect(lines.map((line) => [line.by, line.what, line.note])).toEqual([
    ["sched", "The session was lost", undefined],
    ["you", "You took the keys", undefined],
    ["ai", "AI goes on", undefined],
    ["ai", "AI paused", "password prompt"],
    ["you", "You handed over", "10 min"],
    ["you", "You opened the session", undefined],
  ])
})

test("what was said with a hand-over stands beside it, and nobody took the keys when the time was over", () => {
  const until = "2026-11-27T10:12:00Z"
  const later = "2026-11-27T10:22:00Z"
  const drive = (to: string, minute: number) => fact("terminal.drive", "owner", { driver: { by: "ai", run, until: to, paused: false } }, minute)
  const items = [drive(until, 2), drive(until, 3), drive(later, 7), fact("terminal.drive", "owner", { driver: { by: "owner" } }, 22)]
  const notes = [
    { run_id: run, until: later, note: "Go on, please." },
    { run_id: "run_2", until, note: "Said to another run." },
  ]
  expect(history({ items, notes }, en).map((line) => [line.by, line.what, line.note, line.said])).toEqual([
    ["sched", "The AI’s time was over", undefined, undefined],
    ["you", "You handed over", "15 min", "Go on, please."],
    ["you", "You handed over", "10 min", undefined],
  ])
})
