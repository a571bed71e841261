import { QueryClient, QueryObserver } from "@tanstack/react-query"
import { expect, test, vi } from "vitest"
import { keys } from "./keys"
import { renew, touched } from "./socket"
import type { Fact } from "./model"

const fact = (type: Fact["type"]): Fact => ({ eid: 1, type, at: "2026-11-22T10:00:00Z", actor: { kind: "ai" }, chat_id: "cht_1", run_id: "run_1" })

test("a fact reaches every list that shows it", () => {
  expect(touched(fact("message.added"))).toContainEqual(keys.messages("cht_1"))
  expect(touched(fact("approval.asked"))).toEqual(expect.arrayContaining([keys.approvals, keys.chats, keys.messages("cht_1")]))
  expect(touched(fact("run.ended"))).toEqual(expect.arrayContaining([keys.run("run_1"), keys.runs, keys.chat("cht_1")]))
  expect(touched(fact("exec.ended"))).toEqual(expect.arrayContaining([keys.messages("cht_1"), keys.approvalEach]))
  expect(touched(fact("task.begun"))).toEqual(expect.arrayContaining([keys.tasks, keys.chats, keys.chat("cht_1")]))
  expect(touched(fact("run.waiting"))).toContainEqual(keys.tasks)
  expect(touched(fact("mode.changed"))).toContainEqual(keys.tasks)
  expect(touched(fact("halt.changed"))).toEqual([keys.halt])
})

test("a kind of fact from a newer server changes nothing", () => {
  expect(touched(fact("comet.seen" as Fact["type"]))).toEqual([])
})

test("what was read before a fact, and came after it, is read once more", async () => {
  const cache = new QueryClient()
  const answers: ((state: string) => void)[] = []
  const queryKey = keys.terminal("trm_1")
  const observer = new QueryObserver(cache, { queryKey, queryFn: () => new Promise<string>((answer) => answers.push(answer)) })
  const leave = observer.subscribe(() => undefined)
  renew(cache, keys.terminals)
  answers[0]?.("running")
  await vi.waitFor(() => expect(answers.length).toBe(2))
  answers[1]?.("lost")
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe("lost"))
  expect(answers.length).toBe(2)
  leave()
})
