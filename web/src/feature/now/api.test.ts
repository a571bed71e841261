import { expect, test } from "vitest"
import type { Run } from "../../api/model"
import { spending } from "./api"

const run = (origin: Run["origin"], cost_usd: number, kind: Run["actor"]["kind"] = "owner") => ({ origin, cost_usd, actor: { kind } }) as Run

test("what begins by itself is counted as scheduled, whoever planned it", () => {
  const spent = spending([run("chat", 1), run("practice", 0.5), run("pulse", 2), run("schedule", 4), run("api", 8), run("chat", 16, "token")])
  expect(spent).toEqual({ chats: 1.5, scheduled: 6, outside: 24, all: 31.5 })
})
