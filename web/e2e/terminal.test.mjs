// A terminal in the browser, against a real shell: typed into, resized, reloaded, searched, replayed, in both languages.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { baseUrl, claimCode, inspect, launch, open, password, text } from "./browser.mjs"

let browser
before(async () => {
  assert.ok(baseUrl && claimCode, "set BASE_URL and CLAIM_CODE to what the stack launcher printed")
  browser = await launch()
})
after(() => browser?.close())

const call = (page, method, path, data) => page.request.fetch(`/api/v1${path}`, { method, data, headers: { origin: baseUrl } })

/** Signs in, and claims the machine first where nobody has yet. */
async function signIn(page, language) {
  const { state } = await (await call(page, "GET", "/setup")).json()
  const claim = { code: claimCode, password, language: "en", timezone: "UTC" }
  const response = state === "unclaimed" ? await call(page, "POST", "/setup/claim", claim) : await call(page, "POST", "/login", { password })
  assert.ok(response.ok(), await response.text())
  const settings = await call(page, "GET", "/settings")
  const stored = await page.request.fetch("/api/v1/settings", { method: "PATCH", data: { language }, headers: { origin: baseUrl, "if-match": settings.headers().etag } })
  assert.ok(stored.ok(), await stored.text())
  // What a screen reader is told is what the test reads: the letters themselves are drawn.
  await page.addInitScript(() => {
    localStorage.setItem("metatron.signed-in", "1")
    localStorage.setItem("metatron.terminal", JSON.stringify({ fontSize: 12, isReader: true }))
  })
}

/** Waits until the screen shows these words. */
const shows = (page, words) => page.locator(".xterm-accessibility-tree").getByText(words).first().waitFor()

/** Opens a terminal and types into it. */
async function openOne(page, say) {
  await page.goto("/terminals")
  await page.getByRole("heading", { level: 1, name: say.terminal.title }).waitFor()
  await page.getByRole("main").getByRole("button", { name: say.terminal.new }).click()
  await page.getByText(say.terminal.drives.you, { exact: true }).first().waitFor()
  await shows(page, /[$#]/)
  await page.locator(".xterm-helper-textarea").focus()
  await page.keyboard.type("echo $((6 * 7))-answered\n")
  await shows(page, "42-answered")
}

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
