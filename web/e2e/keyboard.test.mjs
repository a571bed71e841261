// The owner's word by keyboard alone: Tab, Enter and letters, and the keyboard is never nowhere.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { baseUrl, claimCode, inspect, launch, open, post, shots, text } from "./browser.mjs"
import { call, signIn } from "./sitting.mjs"

let browser
before(async () => {
  assert.ok(baseUrl && claimCode, "set BASE_URL and CLAIM_CODE to what the stack launcher printed")
  browser = await launch()
})
after(async () => {
  await browser?.close()
  console.log(`screenshots: ${shots}`)
})

/** The demonstration asks for a command in a conversation of its own; answers once the question waits. */
async function ask(page, command) {
  const chat = await post(page, "/chats", {})
  await post(page, `/chats/${chat.id}/messages`, { text: `Please: \`${command}\`` })
  for (;;) {
    const { items } = await (await call(page, "GET", "/approvals")).json()
    const found = items.find((it) => it.exec?.command === command)
    if (found) return found
  }
}

/** What has the keyboard: never the page as such. */
async function at(page) {
  const it = await page.evaluate(() => {
    const has = document.activeElement
    return { tag: has.tagName, name: has.getAttribute("aria-label") ?? has.textContent.trim(), isCard: has.hasAttribute("data-card"), card: has.closest("[data-card]")?.querySelector(".cmd")?.textContent ?? "" }
  })
  assert.notEqual(it.tag, "BODY", "the keyboard is somewhere")
  return it
}

async function press(page, key) {
  await page.keyboard.press(key)
  return at(page)
}

/** Goes on with Tab to what is called so. */
async function tabTo(page, name) {
  for (let n = 0; n < 60; n += 1) if ((await press(page, "Tab")).name === name) return
  assert.fail(`${name} is not reached`)
}

/** Presses Enter on what the keyboard stands on, once it takes it. */
async function enter(page) {
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-disabled") !== "true")
  await page.keyboard.press("Enter")
}

const told = (page, words) => page.getByRole("status").filter({ hasText: words }).waitFor({ state: "attached" })

for (const language of ["en", "he"])
  test(`a card is allowed and another denied by keyboard alone (${language})`, { timeout: 180_000 }, async () => {
    const { context, page, faults } = await open(browser, language)
    const say = text[language]
    await signIn(page, language)
    const { items } = await (await call(page, "GET", "/providers")).json()
    const demo = items.find(({ kind }) => kind === "demo")
    if (demo) await post(page, `/providers/${demo.id}/default`, {})
    const [first, second] = [`mkdir -p by-key-${language}`, `mkdir -p not-by-key-${language}`]
    await ask(page, first)
    await ask(page, second)
    await page.goto("/approvals")
    await page.getByText(second).first().waitFor()
    await inspect(page, faults, "keyboard-inbox")

    // Each form opens with the keyboard in it, and gives it back to its button.
    for (const [opener, tag] of [[say.approval.deny, "INPUT"], [say.rule.edit, "TEXTAREA"], [say.rule.always, "SELECT"]]) {
      await tabTo(page, opener)
      const { card } = await at(page)
      await enter(page)
      await page.waitForFunction((tag) => document.activeElement?.tagName === tag, tag)
      await tabTo(page, say.approval.back)
      await enter(page)
      assert.deepEqual(await at(page), { tag: "BUTTON", name: opener, isCard: false, card })
      await page.keyboard.press("Escape")
      for (let n = 0; n < 8; n += 1) await press(page, "Shift+Tab")
    }

    await page.reload()
    await page.getByText(second).first().waitFor()
    await tabTo(page, say.approval.allow)
    assert.equal((await at(page)).card, first)
    await enter(page)
    await page.getByText(first).first().waitFor({ state: "detached" })
    await told(page, say.approval.told.allowed)
    const next = await at(page)
    assert.ok(next.isCard && next.card === second, "the next card has the keyboard")

    await tabTo(page, say.approval.deny)
    await enter(page)
    await page.waitForFunction(() => document.activeElement?.tagName === "INPUT")
    await page.keyboard.type("not now")
    await tabTo(page, say.approval.denyNow)
    await enter(page)
    await page.getByText(second).first().waitFor({ state: "detached" })
    await told(page, say.approval.told.denied)
    assert.equal((await at(page)).name, say.approval.waiting, "the head of the list has it in the end")

    // In the sheet: opened, answered and closed, and a new question is told.
    const third = `mkdir -p in-sheet-${language}`
    const asked = await ask(page, third)
    await told(page, say.approval.told.fresh(1))
    await tabTo(page, say.now.review)
    await enter(page)
    const sheet = page.getByRole("dialog", { name: say.approval.waitsFor })
    await sheet.waitFor()
    await page.keyboard.press("Escape")
    await sheet.waitFor({ state: "detached" })
    assert.equal((await at(page)).name, say.now.review, "it is back where the sheet was opened")

    // Answered elsewhere meanwhile: a word about it stays in its place.
    const { digest, nonce } = await (await call(page, "GET", `/approvals/${asked.id}`)).json()
    await post(page, `/approvals/${asked.id}/decision`, { decision: "deny", digest, nonce })
    const gone = page.getByRole("article").filter({ hasText: third })
    await gone.getByText("127.0.0.1").waitFor()
    assert.ok((await at(page)).isCard)
    await inspect(page, faults, "keyboard-gone")

    // Allowed in the sheet, which goes on to show what it prints.
    const fourth = `mkdir -pv shown-${language}`
    const { id } = await ask(page, fourth)
    await page.goto(`/approvals/${id}`)
    await sheet.waitFor()
    await tabTo(page, say.approval.allow)
    await enter(page)
    await page.getByLabel(say.exec.output).getByText(`shown-${language}`).waitFor()
    assert.equal((await at(page)).name, say.common.close)
    await inspect(page, faults, "keyboard-sheet")
    await enter(page)
    await page.getByRole("dialog").waitFor({ state: "detached" })
    assert.equal((await at(page)).name, say.approval.title)

    // In its conversation: what is said there has the keyboard next.
    const fifth = `mkdir -p in-chat-${language}`
    const { chat_id } = await ask(page, fifth)
    await page.goto(`/chat/${chat_id}`)
    await page.getByRole("article", { name: say.approval.waitsFor }).waitFor()
    await tabTo(page, say.approval.allow)
    await enter(page)
    await page.getByRole("article", { name: fifth, exact: true }).waitFor()
    assert.equal((await at(page)).name, say.chat.transcript)
    await page.getByText(say.exec.code(0)).first().waitFor()
    assert.equal((await at(page)).name, say.chat.transcript)
    await context.close()
    assert.deepEqual(faults, [])
  })
