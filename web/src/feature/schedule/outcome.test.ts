import { expect, test } from "vitest"
import type { RunState, Task } from "../../api/model"
import { en } from "../../i18n/en"
import { outcome } from "./outcome"

const stands = (state: Task["state"], run?: RunState) => outcome({ state, run: run ? { id: "run_1", state: run } : null }, en)

test("while it runs a task says what its run does, and amber is only what waits for the owner", () => {
  expect(stands("claimed")).toEqual({ word: en.task.state.claimed, tone: "muted" })
  expect(stands("claimed", "running")).toEqual({ word: en.run.running, tone: "muted" })
  expect(stands("claimed", "waiting_approval")).toEqual({ word: en.task.waits, tone: "waits" })
})

test("afterwards it says how it ended, and that nobody answered or somebody stopped it", () => {
  expect(stands("done", "succeeded")).toEqual({ word: en.task.state.done, tone: "ok" })
  expect(stands("failed", "failed")).toEqual({ word: en.task.state.failed, tone: "fail" })
  expect(stands("failed", "expired").word).toBe(en.run.expired)
  expect(stands("failed", "cancelled").word).toBe(en.run.cancelled)
  expect(stands("missed").tone).toBe("fail")
  expect(stands("skipped").tone).toBe("muted")
})
