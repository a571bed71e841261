// A terminal in the browser, against a real shell: typed into, resized, reloaded, searched, replayed, in both languages.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { baseUrl, claimCode, inspect, launch, open, text } from "./browser.mjs"
import { openOne, shows, signIn } from "./sitting.mjs"

let browser
before(async () => {
  assert.ok(baseUrl && claimCode, "set BASE_URL and CLAIM_CODE to what the stack launcher printed")
  browser = await launch()
})
after(() => browser?.close())

test("a terminal is typed into, fits its page, outlives a reload, is searched, ended and replayed", { timeout: 180_000 }, async () => {
  const { context, page, faults } = await open(browser, "en")
  const say = text.en
  await page.setViewportSize({ width: 1440, height: 900 })
  await signIn(page, "en")
  await openOne(page, say)

  await page.keyboard.type("tput cols | sed s/$/-columns/\n")
  await shows(page, /\d{3}-columns/)
  await page.keyboard.type("printf '\\033[6n\\033[c\\033]11;?\\007'; echo quiet-$((1 + 1))\n")
  await shows(page, "quiet-2")
  await page.keyboard.type("echo -$((3 * 3))-\n")
  await shows(page, "-9-")

  await page.reload()
  await shows(page, "42-answered")
  await shows(page, "-9-")
  await page.locator(".xterm-helper-textarea").focus()
  await page.keyboard.press("Control+Shift+M")
  await page.locator(".xterm-helper-textarea:not(:focus)").waitFor({ state: "attached" })

  await page.getByRole("button", { name: say.terminal.find }).click()
  await page.getByRole("searchbox", { name: say.terminal.find }).fill("answered")
  await page.getByText(say.terminal.match(1, 2)).or(page.getByText(say.terminal.match(2, 2))).waitFor()
  await page.getByRole("button", { name: say.common.close }).click()
  await inspect(page, faults, "terminal")

  // The phone's line and keys.
  await page.getByRole("textbox", { name: say.terminal.line }).fill("cat")
  await page.keyboard.press("Enter")
  await page.getByRole("textbox", { name: say.terminal.line }).fill("from-a-phone")
  await page.keyboard.press("Enter")
  await shows(page, "from-a-phone")
  await page.getByRole("button", { name: "Ctrl", exact: true }).click()
  await page.getByRole("textbox", { name: say.terminal.line }).fill("c")
  await page.getByRole("textbox", { name: say.terminal.line }).fill("echo back-$((2 + 2))")
  await page.keyboard.press("Enter")
  await shows(page, "back-4")

  await page.getByRole("button", { name: say.terminal.details }).click()
  await inspect(page, faults, "terminal-details")
  // On a phone the details hide the terminal; that must not ask for a size that is none.
  assert.equal(await page.getByRole("alert").count(), 0)
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.getByRole("button", { name: say.terminal.end }).click()
  await page.getByRole("group", { name: say.terminal.endAsk }).getByRole("button", { name: say.terminal.end }).click()
  await page.getByText(say.terminal.endedNote).waitFor()
  await page.getByRole("main").getByRole("link", { name: say.terminal.replay }).click()
  await shows(page, "42-answered")
  await page.getByRole("slider", { name: say.terminal.moment }).fill("0")
  await page.getByRole("button", { name: say.terminal.play }).click()
  await shows(page, "42-answered")
  await inspect(page, faults, "replay")
  await context.close()
  assert.deepEqual(faults, [])
})

test("the same in Hebrew: the page is mirrored, the terminal is not", { timeout: 120_000 }, async () => {
  const { context, page, faults } = await open(browser, "he")
  const say = text.he
  await page.setViewportSize({ width: 1440, height: 900 })
  await signIn(page, "he")
  await openOne(page, say)
  assert.equal(await page.evaluate(() => document.documentElement.dir), "rtl")
  assert.equal(await page.getByRole("group", { name: say.terminal.screen }).evaluate((it) => window.getComputedStyle(it).direction), "ltr")
  await inspect(page, faults, "terminal")
  await page.goto("/terminals")
  await page.getByRole("heading", { level: 2, name: say.terminal.open }).waitFor()
  await inspect(page, faults, "terminals")
  await context.close()
  assert.deepEqual(faults, [])
})
