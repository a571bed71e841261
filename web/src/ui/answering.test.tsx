import { QueryClientProvider } from "@tanstack/react-query"
import { cleanup, fireEvent, render, screen } from "@testing-library/react"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { cache } from "../api/connection"
import type { Approval } from "../api/model"
import { en } from "../i18n/en"
import { Ask } from "./Ask"
import { HOLD_MS } from "./Hold"

const say = en.approval
const approval = {
  id: "apr_1",
  state: "waiting",
  risk: "high",
  run_actor: { kind: "owner" },
  asked_at: new Date().toISOString(),
  expires_at: new Date(Date.now() + 600_000).toISOString(),
  digest: "d1",
  nonce: "n1",
  exec: { id: "exe_1", command: "rm -r /srv/old", host: "box", reasons: [], power: { as: "agent" } },
} as unknown as Approval

interface Sent {
  path: string
  body: Record<string, unknown>
  key: string | null
}

let sent: Sent[]
let fresh: boolean

const refuse = (status: number, code: string) => new Response(JSON.stringify({ code, status, title: code }), { status, headers: { "Content-Type": "application/problem+json" } })
const answer = (value: object) => new Response(JSON.stringify(value), { status: 200, headers: { "Content-Type": "application/json" } })

/** The two calls of the contract: a high risk is allowed only while the password is fresh. */
async function api(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.replace("/api/v1/", "")
  const body = (await request.json()) as Record<string, unknown>
  sent.push({ path, body, key: request.headers.get("Idempotency-Key") })
  if (path === "session/reauth") {
    fresh = body["password"] === "the right one"
    return fresh ? answer({}) : refuse(401, "wrong_password")
  }
  return fresh || body["decision"] === "deny" ? answer({ ...approval, state: "allowed" }) : refuse(403, "reauth_required")
}

const shown = (it: Approval) => (
  <QueryClientProvider client={cache}>
    <Ask approval={it} settle={0} />
  </QueryClientProvider>
)
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }))
/** A high risk is held; a click without a touch wants to be repeated. */
const allow = () => {
  press(say.hold)
  press(say.pressAgain)
}
const decisions = () => sent.filter((it) => it.path === "approvals/apr_1/decision")

function give(password: string) {
  fireEvent.change(screen.getByLabelText(en.common.reauth, { selector: "input" }), { target: { value: password } })
  fireEvent.submit(screen.getByRole("form", { name: en.common.reauth }))
}

beforeEach(() => {
  sent = []
  fresh = false
  vi.stubGlobal("fetch", api)
})

afterEach(() => {
  cleanup()
  cache.clear()
  vi.unstubAllGlobals()
})

test("allowing a high risk asks for the password in place, then sends the same answer again", async () => {
  const page = render(shown(approval))
  allow()
  await screen.findByText(say.reauthLead)
  expect(screen.queryByRole("button", { name: say.hold })).toBeNull()

  give("a wrong one")
  await screen.findByText(en.problem.wrong_password)
  expect(decisions().length).toBe(1)

  // What is shown meanwhile does not change what was answered.
  page.rerender(shown({ ...approval, digest: "d2", nonce: "n2" }))
  give("the right one")
  await vi.waitFor(() => expect(decisions().length).toBe(2))
  const [first, second] = decisions()
  expect(first?.body).toEqual({ decision: "allow_once", digest: "d1", nonce: "n1" })
  expect(second?.body).toEqual(first?.body)
  expect(second?.key).not.toBe(first?.key)
  expect(sent.map((it) => it.path)).toEqual(["approvals/apr_1/decision", "session/reauth", "session/reauth", "approvals/apr_1/decision"])
  await vi.waitFor(() => expect(screen.queryByText(say.reauthLead)).toBeNull())
})

test("with a fresh password it is asked for nothing", async () => {
  fresh = true
  render(shown(approval))
  allow()
  await vi.waitFor(() => expect(cache.getQueryData<Approval>(["approvals", "one", "apr_1"])?.state).toBe("allowed"))
  expect(sent.map((it) => it.path)).toEqual(["approvals/apr_1/decision"])
})

test("the owner may go back from the password and deny instead", async () => {
  render(shown(approval))
  allow()
  await screen.findByText(say.reauthLead)
  press(say.back)
  press(await screen.findByText(say.deny).then(() => say.deny))
  press(say.denyNow)
  await vi.waitFor(() => expect(decisions().at(-1)?.body["decision"]).toBe("deny"))
  expect(sent.some((it) => it.path === "session/reauth")).toBe(false)
})

test("a high risk is allowed by holding, not by a slip", async () => {
  fresh = true
  render(shown(approval))
  const button = screen.getByRole("button", { name: say.hold })
  fireEvent.pointerDown(button)
  fireEvent.pointerUp(button)
  fireEvent.click(button)
  expect(screen.getByRole("button", { name: say.hold })).toBe(button)
  expect(decisions()).toEqual([])
  fireEvent.pointerDown(button)
  await vi.waitFor(() => expect(decisions().length).toBe(1), { timeout: HOLD_MS * 5 })
})

test("where only clicks come two are wanted, which is told, and whoever leaves between them begins again", async () => {
  fresh = true
  render(shown(approval))
  press(say.hold)
  expect(screen.getByRole("status").textContent).toBe(say.pressAgain)
  fireEvent.blur(screen.getByRole("button", { name: say.pressAgain }))
  expect(screen.getByRole("status").textContent).toBe("")
  press(say.hold)
  expect(decisions()).toEqual([])
  press(say.pressAgain)
  await vi.waitFor(() => expect(decisions().length).toBe(1))
})
