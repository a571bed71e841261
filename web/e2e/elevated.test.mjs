// What may run as root: chosen in Settings, asked card by card; and why something is asked although a mode would have allowed it.
import assert from "node:assert/strict"
import { test } from "node:test"
import { inspect, open, post, text } from "./browser.mjs"
import { deny, enter, rest, scripted, tell, waiting } from "./scripted.mjs"
import { call } from "./sitting.mjs"

// Nobody listens there: it reaches for the network all the same.
const FETCH = "curl -s -m 1 http://127.0.0.1:1/"

const stage = scripted()

async function choose(page, say, level) {
  await page.goto("/settings")
  const section = page.getByRole("region", { name: say.elevated.title })
  await section.getByRole("radio", { name: say.elevated.says[level] }).check()
  const stored = page.waitForResponse((response) => response.request().method() === "PUT")
  await section.getByRole("button", { name: say.elevated.set }).click()
  assert.ok((await stored).ok())
  await section.scrollIntoViewIfNeeded()
}

for (const language of ["en", "he"])
  test(`root is switched on, asked for, and runs with the owner's answer alone (${language})`, { timeout: 180_000, skip: process.getuid?.() !== 0 }, async () => {
    const { browser, model } = stage
    const { context, page, faults } = await open(browser, language)
    const say = text[language]
    await enter(page, language, model, "Root")
    await choose(page, say, "packages")
    await inspect(page, faults, "elevated")
    const card = waiting(page, say)
    await page.goto("/chat")
    await tell(page, say, "Are the lists of packages old?")
    await (await model.next()).use("package_refresh", { why: "The lists may be old." })
    await card.getByText(say.elevated.refresh).waitFor()
    await inspect(page, faults, "package-refresh")
    await deny(card, say)
    await rest(page, say, model)

    await choose(page, say, "commands")
    await page.goto("/chat")
    await tell(page, say, "Who are you?")
    await (await model.next()).use("shell_run", { command: "id -u", why: "To see who I am.", elevated: true })
    await card.getByText(say.elevated.asRoot).waitFor()
    await inspect(page, faults, "root-card")
    await card.getByRole("button", { name: say.approval.hold }).click({ delay: 1_000 })
    const ran = page.getByRole("article", { name: "id -u", exact: true })
    await ran.getByText(say.exec.code(0)).waitFor()
    await ran.getByText(say.elevated.tag, { exact: true }).waitFor()
    await rest(page, say, model)
    await inspect(page, faults, "root-ran")
    await choose(page, say, "off")
    assert.equal((await (await call(page, "GET", "/elevated")).json()).level, "off")
    await context.close()
    assert.deepEqual(faults, [])
  })

for (const language of ["en", "he"])
  test(`the card says that something came from outside, and the history what ran without a question (${language})`, { timeout: 180_000 }, async () => {
    const { browser, model } = stage
    const { context, page, faults } = await open(browser, language)
    const say = text[language]
    await enter(page, language, model, "Outside")
    const chat = await post(page, "/chats", {})
    const full = await call(page, "PUT", `/chats/${chat.id}/mode`, { mode: "full", minutes: 30 })
    assert.ok(full.ok(), await full.text())
    await page.goto(`/chat/${chat.id}`)
    await tell(page, say, "Look it up.")
    await (await model.next()).use("shell_run", { command: FETCH, why: "To look it up." })
    await (await model.next()).use("shell_run", { command: FETCH, why: "To look it up once more." })
    const card = waiting(page, say)
    await card.getByText(say.elevated.taint.lead).waitFor()
    await inspect(page, faults, "outside")
    await deny(card, say)
    await rest(page, say, model)

    await page.goto("/approvals")
    await page.getByRole("link", { name: say.rule.tabs.unasked }).click()
    await page.getByRole("region", { name: say.elevated.unasked }).getByText(FETCH).first().waitFor()
    assert.equal(await page.getByRole("link", { name: say.rule.tabs.unasked }).getAttribute("aria-current"), "page")
    await inspect(page, faults, "unasked")
    await context.close()
    assert.deepEqual(faults, [])
  })
