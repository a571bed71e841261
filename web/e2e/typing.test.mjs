// The AI asks for the keyboard of a terminal: the question in the chat, on Now and in the inbox, the owner's yes, what it typed.
import assert from "node:assert/strict"
import { test } from "node:test"
import { inspect, open, post, text } from "./browser.mjs"
import { enter, scripted, tell, waiting } from "./scripted.mjs"
import { call } from "./sitting.mjs"

const stage = scripted()

const story = async (language) => {
  const { browser, model } = stage
  const { context, page, faults } = await open(browser, language)
  const say = text[language]
  await enter(page, language, model, "Typing")
  await page.goto("/chat")
  await tell(page, say, "Work in a terminal.")
  await (await model.next()).use("terminal_open", { why: "To work in a shell of its own." })
  const card = waiting(page, say)
  await card.getByText(say.approval.hand.interactive).waitFor()
  await card.getByRole("button", { name: say.approval.allow }).click()

  const next = await model.next()
  const { items } = await (await call(page, "GET", "/terminals?state=open&kind=command")).json()
  await next.use("terminal_type", { terminal: items[0].id, text: "echo hidden\u200b-$((6 * 7))", keys: ["Enter"], why: "To see what the shell makes of it." })
  const yes = say.approval.hand.allow(10)
  await card.getByRole("button", { name: yes }).waitFor()
  assert.equal(await card.getByText("U+200B").count(), 1, "what can't be seen is shown as what it is")
  await inspect(page, faults, "hand-chat")
  await page.goto("/")
  await page.getByRole("heading", { level: 2, name: say.now.waits(1) }).waitFor()
  await inspect(page, faults, "hand-now")
  await page.getByRole("link", { name: say.now.review }).click()
  const sheet = page.getByRole("dialog", { name: say.approval.waitsFor })
  await sheet.getByText(say.approval.hand.meaning).waitFor()
  await inspect(page, faults, "hand-sheet")
  await sheet.getByRole("button", { name: yes }).click()

  const last = await model.next()
  await page.goto(`/terminals/${items[0].id}`)
  await page.getByText(say.terminal.drives.ai, { exact: true }).first().waitFor()
  await inspect(page, faults, "hand-terminal")
  await last.say("Typed.")
  await last.end()
  await page.goto("/approvals?tab=history")
  await page.getByText(say.approval.state.allowed).first().waitFor()
  await inspect(page, faults, "hand-decided")
  await page.goto("/chat")
  await page.getByRole("link", { name: "Work in a terminal." }).first().click()
  const log = page.getByRole("log", { name: say.chat.transcript })
  await log.getByText("Typed.").waitFor()
  await log.getByText(say.approval.hand.asked).waitFor()
  await inspect(page, faults, "hand-done")
  await post(page, `/terminals/${items[0].id}/close`, {})
  await context.close()
  assert.deepEqual(faults, [])
}

test("the AI asks for a keyboard, gets it, and types", { timeout: 180_000 }, () => story("en"))

test("the same in Hebrew", { timeout: 180_000 }, () => story("he"))
