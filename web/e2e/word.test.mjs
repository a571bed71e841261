// The owner's word beyond yes and no: other words, a rule, a mode; on the keyboard alone where it says so.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { baseUrl, claimCode, inspect, launch, open, text } from "./browser.mjs"
import { tell, waiting } from "./scripted.mjs"
import { call, signIn } from "./sitting.mjs"

let browser
before(async () => {
  assert.ok(baseUrl && claimCode, "set BASE_URL and CLAIM_CODE to what the stack launcher printed")
  browser = await launch()
})
after(() => browser?.close())

/** Signs in; the demonstration answers. */
async function enter(page, language) {
  await signIn(page, language)
  // Another story may have let a model of its own speak.
  const { items } = await (await call(page, "GET", "/providers")).json()
  const demo = items.find(({ kind }) => kind === "demo")
  if (demo) assert.ok((await call(page, "POST", `/providers/${demo.id}/default`, {})).ok())
}

/** The demonstration asks for exactly what stands between the back-quotes. */
const ask = (page, say, command) => tell(page, say, `Please: \`${command}\``)

const done = (page, say) => page.getByRole("button", { name: say.chat.stop }).waitFor({ state: "detached" })

async function story(language, folder) {
  const { context, page, faults } = await open(browser, language)
  const say = text[language]
  await enter(page, language)
  await page.goto("/chat")
  await page.getByRole("heading", { level: 1, name: say.chat.start }).waitFor()
  const card = waiting(page, say)

  // Other words: measured and asked anew, then allowed.
  await ask(page, say, `mkdir wrong-${folder}`)
  await card.getByRole("button", { name: say.rule.edit }).click()
  await card.getByRole("textbox", { name: say.rule.command }).fill(`mkdir -p ${folder}`)
  await inspect(page, faults, "word-edit")
  await card.getByRole("button", { name: say.rule.useIt }).click()
  await card.getByText(say.rule.editedFrom).waitFor()
  await card.getByRole("button", { name: say.rule.always }).waitFor()
  await inspect(page, faults, "word-edited")

  // A rule, by keyboard alone.
  await card.getByRole("button", { name: say.rule.always }).focus()
  await page.keyboard.press("Enter")
  await card.getByLabel(say.rule.folder).waitFor()
  await inspect(page, faults, "word-rule")
  await card.getByRole("button", { name: say.rule.allowAnd }).focus()
  await page.keyboard.press("Enter")
  await page.getByText(say.exec.code(0)).first().waitFor()
  await done(page, say)
  const mode = page.getByRole("button", { name: say.rule.mode.label(say.rule.mode.name.auto) })
  await mode.waitFor()

  // The same again asks nobody.
  await ask(page, say, `mkdir -p ${folder}`)
  await page.getByText(say.rule.byRule).waitFor()
  await done(page, say)
  await inspect(page, faults, "word-by-rule")

  // The mode: shown in the head, changed there.
  await mode.click()
  const sheet = page.getByRole("dialog", { name: say.rule.mode.title })
  await sheet.getByRole("radio", { name: say.rule.mode.name.full }).check()
  await inspect(page, faults, "word-mode")
  await sheet.getByRole("button", { name: say.rule.mode.set }).click()
  await page.getByRole("button", { name: say.rule.mode.label(say.rule.mode.name.full) }).click()
  await sheet.getByRole("radio", { name: say.rule.mode.name.plan }).check()
  await sheet.getByRole("button", { name: say.rule.mode.set }).click()
  await page.getByRole("button", { name: say.rule.mode.label(say.rule.mode.name.plan) }).waitFor()
  await ask(page, say, `mkdir planned-${folder}`)
  await page.getByText(say.exec.why.plan_mode).waitFor()
  await done(page, say)
  await inspect(page, faults, "word-planned")

  // The inbox: who, from where, what ran; the rule, its uses, its end.
  await page.goto("/approvals?tab=history")
  await page.locator("a.row").filter({ hasText: `mkdir -p ${folder}` }).first().click()
  await page.getByRole("dialog").getByText("127.0.0.1").waitFor()
  await inspect(page, faults, "word-history")
  await page.keyboard.press("Escape")
  await page.getByRole("link", { name: say.rule.tabs.rules }).click()
  await page.getByText(`mkdir -p ${folder}`).first().waitFor()
  await page.getByText(say.rule.uses).first().click()
  await inspect(page, faults, "word-rules")
  await page.getByRole("button", { name: say.rule.change }).first().click()
  await inspect(page, faults, "word-rule-change")
  await page.getByRole("button", { name: say.approval.back }).click()
  await page.getByRole("button", { name: say.rule.revoke }).first().click()
  await page.getByRole("group", { name: say.rule.revokeAsk }).getByRole("button", { name: say.rule.revoke }).click()
  await page.getByText(say.rule.none).waitFor()
  await context.close()
  assert.deepEqual(faults, [])
}

test("the owner changes a command, keeps a rule, sets modes and takes the rule back", { timeout: 180_000 }, () => story("en", "kept"))
test("the same in Hebrew", { timeout: 180_000 }, () => story("he", "kept-he"))
