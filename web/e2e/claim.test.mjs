// From the printed address to the AI's answer, with the real services. Needs BASE_URL and CLAIM_CODE of a fresh stack.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { baseUrl, claimCode, inspect, launch, open, password, shots, text } from "./browser.mjs"
import { readTheDocs } from "./docs.mjs"
import { reloadInTheMiddle } from "./reload.mjs"
import { scrollBack } from "./scroll.mjs"

// What the demonstration model answers with a command that needs the owner's word.
const REQUEST = process.env.REQUEST ?? "Practice with me: run something that needs my approval."

let browser
before(async () => {
  assert.ok(baseUrl && claimCode, "set BASE_URL and CLAIM_CODE to what the stack launcher printed")
  browser = await launch()
})
after(async () => {
  await browser?.close()
  console.log(`screenshots: ${shots}`)
})

/** Asks in a new chat, allows the command, and reads on to the end. */
async function askAndAllow(page, faults, say) {
  await page.goto("/chat")
  await page.getByRole("heading", { level: 1, name: say.chat.start }).waitFor()
  await inspect(page, faults, "start")
  await page.getByRole("textbox", { name: say.chat.composer }).fill(REQUEST)
  await page.keyboard.press("Enter")
  const card = page.getByRole("article", { name: say.approval.waitsFor })
  await card.waitFor()
  await inspect(page, faults, "chat-waits")

  await page.getByRole("link", { name: say.nav.now, exact: false }).first().click()
  await page.getByRole("heading", { level: 2, name: say.now.waits(1) }).waitFor()
  await inspect(page, faults, "now")
  await page.getByRole("link", { name: say.now.review }).click()
  await page.getByRole("dialog", { name: say.approval.waitsFor }).waitFor()
  await inspect(page, faults, "approval")
  await page.goBack()
  await page.goBack()

  await card.getByRole("button", { name: say.approval.allow }).click()
  await page.getByText(say.exec.code(0)).first().waitFor()
  await page.getByRole("button", { name: say.chat.stop }).waitFor({ state: "detached" })
  const log = page.getByRole("log", { name: say.chat.transcript })
  const spoken = (await log.innerText()).trim()
  await inspect(page, faults, "chat-done")

  await page.reload()
  await log.getByText(say.exec.code(0)).first().waitFor()
  assert.equal((await log.innerText()).trim(), spoken, "a reload shows the same transcript")
}

async function rooms(page, faults, say) {
  await page.getByRole("link", { name: say.nav.approvals }).click()
  await page.getByRole("heading", { level: 1, name: say.approval.title }).waitFor()
  await page.getByRole("link", { name: say.rule.tabs.history }).click()
  await page.getByText(say.approval.state.allowed).first().waitFor()
  await inspect(page, faults, "approvals")
  await page.getByRole("link", { name: say.nav.settings }).click()
  await page.getByText(say.model.demoName).first().waitFor()
  await inspect(page, faults, "settings")
  await page.getByRole("link", { name: say.audit.open }).click()
  await page.getByRole("heading", { level: 1, name: say.audit.title }).waitFor()
  await page.getByRole("button", { name: say.audit.check }).click()
  await page.getByText(say.audit.seal.holds).waitFor()
  await page.getByText(say.audit.kinds["exec.proposed"]).first().click()
  await page.getByText("command_sha256").first().waitFor()
  await inspect(page, faults, "audit")
  await page.goBack()
  await page.getByRole("heading", { level: 1, name: say.settings.title }).waitFor()
}

test("a stranger claims the machine, practises, asks, allows and reads the answer", { timeout: 240_000 }, async () => {
  const say = text.en
  const { context, page, faults } = await open(browser, "en")
  await page.goto(`/#code=${encodeURIComponent(claimCode)}`)
  await page.getByRole("heading", { name: say.setup.ownerTitle }).waitFor()
  assert.equal(await page.getByLabel(say.setup.code).inputValue(), claimCode)
  assert.ok(!page.url().includes(claimCode), "the code has left the address")
  await page.getByRole("button", { name: text.he.common.language.he }).click()
  await inspect(page, faults, "setup-owner")
  await page.getByRole("button", { name: text.en.common.language.en }).click()
  await inspect(page, faults, "setup-owner")
  await page.getByLabel(say.setup.ownerPassword).fill(password)
  await page.getByRole("button", { name: say.setup.claim }).click()

  await page.getByRole("heading", { name: say.setup.modelTitle }).waitFor()
  await inspect(page, faults, "setup-model")
  await page.getByRole("radio", { name: "OpenAI" }).check()
  await inspect(page, faults, "setup-provider")
  await page.getByRole("radio", { name: say.model.presets.demo }).check()
  await page.getByRole("button", { name: say.model.useDemo }).click()

  await page.getByRole("heading", { name: say.setup.placeTitle }).waitFor()
  await inspect(page, faults, "setup-place")
  await page.getByRole("button", { name: say.setup.placeOk }).click()

  await page.getByRole("heading", { name: say.setup.practiceTitle }).waitFor()
  await page.getByRole("button", { name: say.setup.practiceStart }).click()
  await page.getByRole("article", { name: say.approval.waitsFor }).waitFor()
  await inspect(page, faults, "setup-practice")
  await page.getByRole("button", { name: say.approval.allow }).click()
  await page.getByText(say.setup.practiceAllowed).waitFor()
  await inspect(page, faults, "setup-practised")
  await page.getByRole("button", { name: say.setup.finish }).click()

  await askAndAllow(page, faults, say)
  await rooms(page, faults, say)
  await context.close()
  assert.deepEqual(faults, [])
})

test("the same in Hebrew, from the login on", { timeout: 180_000 }, async () => {
  const { context, page, faults } = await open(browser, "he")
  await page.goto("/")
  const say = text.he
  await page.getByRole("heading", { name: say.login.title }).waitFor()
  await inspect(page, faults, "login")
  await page.getByLabel(say.common.password).fill(password)
  await page.keyboard.press("Enter")
  // The owner's own choice wins over the browser's; it was English so far.
  await page.getByRole("link", { name: text.en.nav.settings }).click()
  // Shown at once, stored a moment later: the next page load must not come in between.
  const stored = page.waitForResponse((response) => response.request().method() === "PATCH")
  await page.getByRole("combobox", { name: text.en.settings.language }).selectOption("he")
  await stored
  await page.getByRole("heading", { level: 1, name: say.settings.title }).waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.dir), "rtl")
  await askAndAllow(page, faults, say)
  await rooms(page, faults, say)
  await page.getByRole("button", { name: say.settings.signOut }).click()
  await page.getByRole("heading", { name: say.login.title }).waitFor()
  await context.close()
  assert.deepEqual(faults, [])
})

test("a long chat read backwards, a reload in the middle of an answer, and the API's own pages", { timeout: 180_000 }, async () => {
  const { context, page, faults } = await open(browser, "en")
  await page.goto("/")
  const say = text.en
  await page.getByLabel(say.common.password).fill(password)
  await page.keyboard.press("Enter")
  // The owner chose Hebrew last.
  await page.getByRole("link", { name: text.he.nav.chat, exact: true }).waitFor()
  await scrollBack(page, text.he)
  await reloadInTheMiddle(page, text.he)
  await readTheDocs(page)
  await context.close()
  assert.deepEqual(faults, [])
})
