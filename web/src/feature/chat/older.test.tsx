import { QueryClientProvider } from "@tanstack/react-query"
import { cleanup, fireEvent, render, screen } from "@testing-library/react"
import { MemoryRouter } from "react-router"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { cache } from "../../api/connection"
import { keys } from "../../api/keys"
import type { Message } from "../../api/model"
import { en } from "../../i18n/en"
import { inOrder, type MessagePages, withMessage } from "./api"
import { Thread } from "./Thread"

const said = (nth: number): Message => ({
  id: `msg_${nth}`,
  chat_id: "cht_1",
  role: "owner",
  actor: { kind: "owner" },
  created_at: "2026-11-22T10:00:00Z",
  parts: [{ type: "text", text: `message ${nth}` }],
})
const problem = () => new Response(JSON.stringify({ code: "storage_busy", status: 409, title: "busy" }), { status: 409, headers: { "Content-Type": "application/problem+json" } })
const json = (value: object) => new Response(JSON.stringify(value), { status: 200, headers: { "Content-Type": "application/json" } })

/** A chat with six messages, of which a page shows two. */
let asked: string[]
let refused: boolean
function answer(request: Request): Response {
  const url = new URL(request.url)
  if (url.pathname.endsWith("/providers")) return json({ items: [] })
  if (!url.pathname.endsWith("/messages")) return json({ id: "cht_1", title: "Long", cost_usd: 0, last_text: "", waiting: false })
  const before = url.searchParams.get("cursor")
  asked.push(before ?? "newest")
  if (before && refused) return problem()
  const end = Number(before ?? "7")
  return json({ items: [said(end - 2), said(end - 1)], next_cursor: end > 3 ? `${end - 2}` : null, eid: 1 })
}

const shown = () => screen.queryAllByText(/^message \d$/).map((it) => it.textContent)
const older = () => screen.getByRole("button", { name: en.chat.older })

beforeEach(() => {
  asked = []
  refused = false
  vi.stubGlobal("fetch", (request: Request) => Promise.resolve(answer(request)))
  render(
    <QueryClientProvider client={cache}>
      <MemoryRouter>
        <Thread id="cht_1" />
      </MemoryRouter>
    </QueryClientProvider>,
  )
})
afterEach(() => {
  cleanup()
  cache.clear()
  vi.unstubAllGlobals()
})

test("a chat opens at its end and loads what was said before when it is asked for", async () => {
  await screen.findByText("message 6")
  expect(shown()).toEqual(["message 5", "message 6"])
  fireEvent.click(older())
  await screen.findByText("message 3")
  expect(shown()).toEqual(["message 3", "message 4", "message 5", "message 6"])
  fireEvent.scroll(screen.getByRole("log"))
  await screen.findByText("message 1")
  expect(shown()).toEqual([1, 2, 3, 4, 5, 6].map((nth) => `message ${nth}`))
  expect(screen.queryByRole("button", { name: en.chat.older })).toBeNull()
  expect(asked).toEqual(["newest", "5", "3"])
})

test("a page that can't be loaded is told, asked for again only by the reader, and loses nothing", async () => {
  await screen.findByText("message 6")
  refused = true
  fireEvent.click(older())
  await screen.findByRole("alert")
  fireEvent.scroll(screen.getByRole("log"))
  expect(asked).toEqual(["newest", "5"])
  expect(shown()).toEqual(["message 5", "message 6"])
  refused = false
  fireEvent.click(older())
  await screen.findByText("message 3")
  expect(screen.queryByRole("alert")).toBeNull()
})

test("a message that was just sent stands at the end, once", async () => {
  await screen.findByText("message 6")
  fireEvent.click(older())
  await screen.findByText("message 3")
  const known = cache.getQueryData<MessagePages>(keys.messages("cht_1"))
  if (!known) throw new Error("nothing is known")
  const after = withMessage(withMessage(known, said(7)), said(7))
  expect(inOrder(after).map((it) => it.id)).toEqual([3, 4, 5, 6, 7].map((nth) => `msg_${nth}`))
})
