import { expect, test } from "vitest"
import type { Exec } from "../api/model"
import { en } from "../i18n/en"
import { unrun } from "./unrun"

const exec = (over: Partial<Exec>) => unrun({ state: "refused", reasons: [], ...over } as Exec, en)
const error = (code: string, detail = "") => ({ code, detail })

test("a command that was refused says the cause, and not the rules for everything", () => {
  expect(exec({ error: error("changed_since_prepared", "the script is another") })).toBe(`${en.exec.why["changed_since_prepared"]} the script is another`)
  expect(exec({ error: error("cwd_missing") })).toBe(en.exec.why["cwd_missing"])
  expect(exec({ error: error("comet", "It fell on it.") })).toBe(`${en.exec.notRun} It fell on it.`)
})

test("a no is the owner's only where the owner said it", () => {
  expect(exec({ state: "denied", approval_id: "apr_1", verdict: "ask" })).toBe(en.exec.deniedNote)
  expect(exec({ state: "denied", approval_id: "apr_1", verdict: "deny", reasons: ["It formats a disk."] })).toBe(`${en.exec.refusedNote} It formats a disk.`)
  expect(exec({ state: "denied", approval_id: "apr_1", error: error("owner_unreachable") })).toBe(en.task.note["owner_unreachable"])
  expect(exec({ state: "denied", approval_id: "apr_1", error: error("approval_expired") })).toBe(en.task.note["approval_expired"])
})
