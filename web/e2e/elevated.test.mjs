// What may run as root: chosen in Settings, asked card by card; and why something is asked although a mode would have allowed it.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { baseUrl, claimCode, inspect, launch, open, post, text } from "./browser.mjs"
import { startModel } from "./model.mjs"
import { call, signIn } from "./sitting.mjs"

// Nobody listens there: it reaches for the network all the same.
const FETCH = "curl -s -m 1 http://127.0.0.1:1/"

let browser
let model
before(async () => {
  assert.ok(baseUrl && claimCode, "set BASE_URL and CLAIM_CODE to what the stack launcher printed")
  browser = await launch()
  model = await startModel()
})
after(async () => {
  await browser?.close()
  model?.stop()
})

/** The model's last word, and that the run is over. */
async function rest(page, say) {
  const last = await model.next()
  await last.say("Done.")
  await last.end()
  await page.getByRole("button", { name: say.chat.stop }).waitFor({ state: "detached" })
}

async function choose(page, say, level) {
  await page.goto("/settings")
  const section = page.getByRole("region", { name: say.elevated.title })
  await section.getByRole("radio", { name: say.elevated.says[level] }).check()
  const stored = page.waitForResponse((response) => response.request().method() === "PUT")
  await section.getByRole("button", { name: say.elevated.set }).click()
  assert.ok((await stored).ok())
  await section.scrollIntoViewIfNeeded()
}

async function ask(page, say, words) {
  await page.getByRole("textbox", { name: say.chat.composer }).fill(words)
  await page.keyboard.press("Enter")
}

async function deny(page, say, card) {
  await card.getByRole("button", { name: say.approval.deny }).click()
  await card.getByRole("button", { name: say.approval.denyNow }).click()
}

for (const language of ["en", "he"])
  test(`root is switched on, asked for, and runs with the owner's answer alone (${language})`, { timeout: 180_000, skip: process.getuid?.() !== 0 }, async () => {
    const { context, page, faults } = await open(browser, language)
    const say = text[language]
    await signIn(page, language)
    const provider = await post(page, "/providers", { name: `Root ${language}`, base_url: model.url, model: "scripted-1", api_key: "sk-not-a-key" })
    await post(page, `/providers/${provider.id}/default`, {})
    await choose(page, say, "packages")
    await inspect(page, faults, "elevated")
    const card = page.getByRole("article", { name: say.approval.waitsFor })
    await page.goto("/chat")
    await ask(page, say, "Are the lists of packages old?")
    await (await model.next()).use("package_refresh", { why: "The lists may be old." })
    await card.getByText(say.elevated.refresh).waitFor()
    await inspect(page, faults, "package-refresh")
    await deny(page, say, card)
    await rest(page, say)

    await choose(page, say, "commands")
    await page.goto("/chat")
    await ask(page, say, "Who are you?")
    await (await model.next()).use("shell_run", { command: "id -u", why: "To see who I am.", elevated: true })
    await card.getByText(say.elevated.asRoot).waitFor()
    await inspect(page, faults, "root-card")
    await card.getByRole("button", { name: say.approval.hold }).click({ delay: 1_000 })
    const ran = page.getByRole("article", { name: "id -u", exact: true })
    await ran.getByText(say.exec.code(0)).waitFor()
    await ran.getByText(say.elevated.tag, { exact: true }).waitFor()
    await rest(page, say)
    await inspect(page, faults, "root-ran")
    await choose(page, say, "off")
    assert.equal((await (await call(page, "GET", "/elevated")).json()).level, "off")
    await context.close()
    assert.deepEqual(faults, [])
  })

for (const language of ["en", "he"])
  test(`the card says that something came from outside, and the history what ran without a question (${language})`, { timeout: 180_000 }, async () => {
    const { context, page, faults } = await open(browser, language)
    const say = text[language]
    await signIn(page, language)
    const provider = await post(page, "/providers", { name: `Outside ${language}`, base_url: model.url, model: "scripted-1", api_key: "sk-not-a-key" })
    await post(page, `/providers/${provider.id}/default`, {})
    const chat = await post(page, "/chats", {})
    const full = await call(page, "PUT", `/chats/${chat.id}/mode`, { mode: "full", minutes: 30 })
    assert.ok(full.ok(), await full.text())
    await page.goto(`/chat/${chat.id}`)
    await ask(page, say, "Look it up.")
    await (await model.next()).use("shell_run", { command: FETCH, why: "To look it up." })
    await (await model.next()).use("shell_run", { command: FETCH, why: "To look it up once more." })
    const card = page.getByRole("article", { name: say.approval.waitsFor })
    await card.getByText(say.elevated.taint.lead).waitFor()
    await inspect(page, faults, "outside")
    await deny(page, say, card)
    await rest(page, say)

    await page.goto("/approvals?tab=history")
    const unasked = page.getByRole("region", { name: say.elevated.unasked })
    await unasked.getByText(FETCH).first().waitFor()
    await unasked.scrollIntoViewIfNeeded()
    await inspect(page, faults, "unasked")
    await context.close()
    assert.deepEqual(faults, [])
  })
