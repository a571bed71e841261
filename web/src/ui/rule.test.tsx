import { QueryClientProvider } from "@tanstack/react-query"
import { cleanup, fireEvent, render, screen } from "@testing-library/react"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { cache } from "../api/connection"
import type { RuleBody } from "../api/model"
import { en } from "../i18n/en"
import { RuleForm } from "./RuleForm"

const say = en.rule
const draft: RuleBody = { program: "/usr/bin/git", words: ["commit", "-m", "a b"], open: false, folder: "/work", chat_id: "cht_1", until: "2030-01-01T00:00:00Z", times: null }

beforeEach(() => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ matched: 2, of: 5, commands: ["git commit -m 'a b'"] }), { status: 200, headers: { "Content-Type": "application/json" } })))
})
afterEach(() => {
  cleanup()
  cache.clear()
  vi.unstubAllGlobals()
})

function show(mayOpen: boolean, offerAuto = true) {
  const sent = vi.fn<(rule: RuleBody, auto: boolean) => void>()
  render(
    <QueryClientProvider client={cache}>
      <RuleForm draft={draft} mayOpen={mayOpen} chat="cht_1" offerAuto={offerAuto} submit={say.allowAnd} busy={false} problem={null} onSubmit={sent} onBack={() => undefined} />
    </QueryClientProvider>,
  )
  return sent
}
const choose = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } })
const submit = () => fireEvent.click(screen.getByRole("button", { name: say.allowAnd }))

test("what is proposed is kept as it is, in this chat, and the chat goes into auto mode", async () => {
  const sent = show(false)
  await screen.findByText(say.preview(2, 5))
  submit()
  expect(sent).toHaveBeenCalledWith(draft, true)
})

test("a shorter beginning leaves the rest open, and then lasts no longer than its time", () => {
  const sent = show(true)
  choose(say.until, "revoked")
  choose(say.same, "open 1")
  choose(say.where, "all")
  choose(say.times, "3")
  submit()
  const [rule] = sent.mock.calls[0] ?? []
  expect(rule).toMatchObject({ words: ["commit"], open: true, chat_id: null, times: 3 })
  expect(rule?.until).not.toBeNull()
})

test("only an exact command may last until it is revoked", () => {
  show(true)
  const names = () => screen.getAllByRole("option").map((option) => option.textContent)
  expect(names()).toContain(say.untils.revoked)
  choose(say.same, "open 3")
  expect(names()).not.toContain(say.untils.revoked)
})

test("where the mode is not offered it is not changed", () => {
  const sent = show(false, false)
  expect(screen.queryByRole("checkbox")).toBeNull()
  submit()
  expect(sent).toHaveBeenCalledWith(draft, false)
})

test("a preview that is refused says so", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ code: "invalid_field", status: 422, detail: "The folder is none." }), { status: 422, headers: { "Content-Type": "application/problem+json" } })))
  show(false)
  await screen.findByText("The folder is none.")
})
