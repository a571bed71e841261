// A terminal beside the chat, in two hands, on a phone, by keyboard alone, and when its host dies.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { baseUrl, claimCode, inspect, launch, open, post, text } from "./browser.mjs"
import { startModel } from "./model.mjs"
import { field, openOne, pidOf, shows, signIn } from "./sitting.mjs"

let browser
before(async () => {
  assert.ok(baseUrl && claimCode, "set BASE_URL and CLAIM_CODE to what the stack launcher printed")
  browser = await launch()
})
after(() => browser?.close())

const WIDE = { width: 1440, height: 900 }

for (const language of ["en", "he"])
  test(`a terminal stands beside the chat, and stays as wide as it was made (${language})`, { timeout: 120_000 }, async () => {
    const { context, page, faults } = await open(browser, language)
    const say = text[language]
    await page.setViewportSize(WIDE)
    await signIn(page, language)
    const chat = await post(page, "/chats", {})
    await page.goto(`/chat/${chat.id}`)
    const toggle = page.getByRole("main").getByRole("button", { name: say.terminal.dockOpen })
    await toggle.click()
    const dock = page.getByRole("complementary", { name: say.terminal.dock })
    await dock.getByRole("button", { name: say.terminal.new }).first().click()
    await shows(page, /[$#]/)
    await field(page).focus()
    await page.keyboard.type("echo be$((1 + 1))side\n")
    await shows(page, "be2side")
    const edge = page.getByRole("separator", { name: say.terminal.dockSize })
    const before = Number(await edge.getAttribute("aria-valuenow"))
    await edge.press(language === "he" ? "ArrowRight" : "ArrowLeft")
    assert.equal(Number(await edge.getAttribute("aria-valuenow")), before + 32)
    assert.equal(Math.round((await dock.boundingBox()).width), before + 32)
    await inspect(page, faults, "dock")

    await page.setViewportSize(WIDE)
    await page.reload()
    await shows(page, "be2side")
    assert.equal(Math.round((await dock.boundingBox()).width), before + 32)
    await page.getByRole("textbox", { name: say.chat.composer }).waitFor()
    await page.setViewportSize({ width: 1024, height: 768 })
    await page.getByRole("textbox", { name: say.chat.composer }).waitFor()
    // A phone shows one of them at a time, and begins with the chat.
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByRole("textbox", { name: say.chat.composer }).waitFor({ state: "hidden" })
    await dock.getByRole("button", { name: say.terminal.dockClose }).click()
    await page.getByRole("textbox", { name: say.chat.composer }).waitFor()
    await toggle.click()
    await page.reload()
    await page.getByRole("textbox", { name: say.chat.composer }).waitFor()
    await context.close()
    assert.deepEqual(faults, [])
  })

test("the keyboard goes to the AI and comes back, and each viewer is counted", { timeout: 120_000 }, async () => {
  const { context, page, faults } = await open(browser, "en")
  const say = text.en
  await page.setViewportSize(WIDE)
  await signIn(page, "en")
  const model = await startModel()
  try {
    const provider = await post(page, "/providers", { name: "Scripted", base_url: model.url, model: "scripted-1", api_key: "sk-not-a-key" })
    await post(page, `/providers/${provider.id}/default`, {})
    const chat = await post(page, "/chats", {})
    await post(page, `/chats/${chat.id}/messages`, { text: "Wait for the keyboard." })
    const answer = await model.next()
    await openOne(page, say)
    const other = await context.newPage()
    await other.goto(page.url())
    await page.locator(".strip").getByText(say.terminal.viewers(2)).waitFor()
    await other.close()
    await page.locator(".strip .viewers").waitFor({ state: "detached" })

    await page.getByRole("textbox", { name: say.terminal.noteLead }).fill("Go on from here.")
    await page.locator(".side").getByRole("button", { name: say.terminal.hand }).click()
    await page.locator(".strip").getByText(say.terminal.drives.ai).waitFor()
    await page.getByRole("link", { name: say.nav.terminals }).locator(".sign[data-by=ai]").waitFor()
    // The AI has the line it was handed; the lines above stay the owner's, also on a page that has not seen it.
    const rails = async () => {
      await page.locator(".vt-rail > .rail").nth(1).waitFor({ state: "attached" })
      return page.locator(".vt-rail > .rail").evaluateAll((all) => all.map((it) => [it.dataset.by, it.style.insetBlockStart]))
    }
    const before = await rails()
    assert.deepEqual(before.map(([by]) => by), ["you", "ai"])
    const story = page.locator(".side").getByRole("listitem").filter({ hasText: say.terminal.told.youHanded })
    await story.getByText("Go on from here.").waitFor()
    await page.reload()
    await story.getByText("Go on from here.").waitFor()
    assert.deepEqual(await rails(), before)
    await inspect(page, faults, "ai-drives")
    await page.setViewportSize(WIDE)

    await page.getByRole("button", { name: say.terminal.take }).click()
    await page.locator(".strip").getByText(say.terminal.drives.you).waitFor()
    await page.locator(".strip").getByRole("button", { name: say.terminal.hand }).click()
    await page.locator(".strip").getByText(say.terminal.drives.ai).waitFor()
    // Any key takes it, and is typed.
    await field(page).focus()
    await page.keyboard.type("echo taken-$((3 + 4))\n")
    await page.locator(".strip").getByText(say.terminal.drives.you).waitFor()
    await shows(page, "taken-7")
    await page.getByRole("link", { name: say.nav.terminals }).locator(".sign").waitFor({ state: "detached" })

    await page.keyboard.type("read -s word; echo ${#word}-letters\n")
    await page.getByRole("link", { name: say.nav.terminals }).locator(".sign.lit").waitFor()
    await page.locator(".pw input").fill("sesame")
    await page.keyboard.press("Enter")
    await shows(page, "6-letters")
    await answer.say("Done.")
    await answer.end()
  } finally {
    model.stop()
  }
  await context.close()
  assert.deepEqual(faults, [])
})

test("everything is reached by keyboard alone, and letters grow by it", { timeout: 120_000 }, async () => {
  const { context, page, faults } = await open(browser, "en")
  const say = text.en
  await page.setViewportSize(WIDE)
  await signIn(page, "en")
  await page.goto("/terminals")
  await page.getByRole("heading", { level: 1, name: say.terminal.title }).waitFor()
  const tabTo = async (target) => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press("Tab")
      if (await target.evaluate((it) => it === document.activeElement)) return
    }
    assert.fail("it is not reached by Tab")
  }
  await tabTo(page.getByRole("main").getByRole("button", { name: say.terminal.new }))
  await page.keyboard.press("Enter")
  await shows(page, /[$#]/)
  await tabTo(field(page))
  await page.getByText(say.terminal.leaveHint).first().waitFor()
  await page.keyboard.type("echo k$((2 + 3))ys\n")
  await shows(page, "k5ys")
  // Tab belongs to the program, and so does Ctrl with underscore.
  await page.keyboard.press("Tab")
  assert.ok(await field(page).evaluate((it) => it === document.activeElement))
  const size = () => page.evaluate(() => JSON.parse(localStorage.getItem("metatron.terminal")).fontSize)
  await page.keyboard.press("Control+=")
  assert.equal(await size(), 13)
  await page.keyboard.press("Control+-")
  await page.keyboard.press("Control+-")
  assert.equal(await size(), 11)
  await page.keyboard.press("Control+Shift+M")
  assert.ok(await page.evaluate(() => document.activeElement?.matches("button, a")), "out of the terminal, onto something that acts")
  await tabTo(page.getByLabel(say.terminal.colours))
  await page.getByLabel(say.terminal.colours).selectOption("night")
  const ground = () => page.locator(".vt").evaluate((it) => window.getComputedStyle(it).backgroundColor)
  assert.equal(await ground(), "rgb(26, 32, 38)")
  await inspect(page, faults, "night")
  await page.setViewportSize(WIDE)
  await page.getByLabel(say.terminal.colours).selectOption("plain")
  await inspect(page, faults, "plain")
  await page.setViewportSize(WIDE)
  await page.goto("/terminals")
  await page.getByRole("heading", { level: 2, name: say.terminal.open }).waitFor()
  await inspect(page, faults, "terminals")
  await context.close()
  assert.deepEqual(faults, [])
})

test("a phone's keyboard composes, corrects and deletes, and two fingers change the size", { timeout: 120_000 }, async () => {
  const context = await browser.newContext({ baseURL: baseUrl, locale: "en-GB", viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  const page = await context.newPage()
  const say = text.en
  await signIn(page, "en")
  await openOne(page, say)
  const phone = await context.newCDPSession(page)
  const compose = (words) => phone.send("Input.imeSetComposition", { text: words, selectionStart: words.length, selectionEnd: words.length })
  await field(page).focus()
  for (const part of ["e", "ec", "ech", "echo"]) await compose(part)
  await phone.send("Input.insertText", { text: "echo" })
  await phone.send("Input.insertText", { text: " " })
  for (const part of ["ש", "של", "שלו"]) await compose(part)
  await phone.send("Input.insertText", { text: "שלום" })
  await phone.send("Input.insertText", { text: "x" })
  // A key of such a keyboard says no more than that there was one.
  await phone.send("Input.dispatchKeyEvent", { type: "rawKeyDown", windowsVirtualKeyCode: 229, key: "Unidentified", commands: ["deleteBackward"] })
  await page.keyboard.press("Enter")
  await shows(page, /^שלום$/)

  const size = () => page.evaluate(() => JSON.parse(localStorage.getItem("metatron.terminal")).fontSize)
  const { x, y } = await page.locator(".vt").boundingBox()
  const touch = (type, far) => phone.send("Input.dispatchTouchEvent", { type, touchPoints: far === undefined ? [] : [{ x: x + 100 - far, y: y + 90, id: 1 }, { x: x + 100 + far, y: y + 90, id: 2 }] })
  await touch("touchStart", 30)
  await touch("touchMove", 40)
  await touch("touchMove", 60)
  await touch("touchEnd")
  assert.equal(await size(), 24)
  assert.equal(await page.evaluate(() => window.visualViewport.scale), 1, "the page itself stays")
  await context.close()
})

test("it draws with WebGL where there is some, as wide as Unicode 11 says, and without it all the same", { timeout: 120_000 }, async () => {
  for (const hasWebgl of [true, false]) {
    const { context, page, faults } = await open(browser, "en")
    await page.setViewportSize(WIDE)
    if (!hasWebgl)
      await page.addInitScript(() => {
        const real = window.HTMLCanvasElement.prototype.getContext
        window.HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
          return kind === "webgl2" ? null : real.call(this, kind, ...rest)
        }
      })
    await signIn(page, "en")
    await openOne(page, text.en)
    await page.locator(`.vt-host[data-drawn=${hasWebgl ? "webgl" : "elements"}]`).waitFor()
    // Two columns for the face: what is written into the third touches it.
    await page.keyboard.type("clear; printf '\\U1F642\\033[3Gx\\n'\n")
    await shows(page, /^🙂x$/u)
    await context.close()
    assert.deepEqual(faults, [])
  }
})

// The last one: what ran on the host is gone after it.
test("a terminal whose host died is lost, and what it showed stays", { timeout: 120_000 }, async () => {
  const { context, page, faults } = await open(browser, "en")
  const say = text.en
  await page.setViewportSize(WIDE)
  await signIn(page, "en")
  await openOne(page, say)
  process.kill(await pidOf("shell-worker"), "SIGKILL")
  await page.getByText(say.terminal.lostNote).waitFor({ timeout: 60_000 })
  await shows(page, "42-answered")
  await inspect(page, faults, "lost")
  await page.setViewportSize(WIDE)
  await page.getByRole("button", { name: say.terminal.another }).click()
  await page.getByText(say.terminal.lostNote).waitFor({ state: "detached" })
  await shows(page, /[$#]/)
  await context.close()
  // What is asked of a host that is not there is refused; the page says so, and so does the browser.
  assert.deepEqual(faults.filter((fault) => !/50\d \(/.test(fault)), [])
})
