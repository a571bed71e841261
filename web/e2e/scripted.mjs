// Stories in which a model of our own asks for commands: a browser, that model, and an owner in a conversation.
import assert from "node:assert/strict"
import { after, before } from "node:test"
import { baseUrl, claimCode, launch, post, shots } from "./browser.mjs"
import { startModel } from "./model.mjs"
import { signIn } from "./sitting.mjs"

/** The browser and the model of a file's stories: there from the first one on, gone after the last. */
export function scripted() {
  const stage = {}
  before(async () => {
    assert.ok(baseUrl && claimCode, "set BASE_URL and CLAIM_CODE to what the stack launcher printed")
    stage.browser = await launch()
    stage.model = await startModel()
  })
  after(async () => {
    await stage.browser?.close()
    stage.model?.stop()
    console.log(`screenshots: ${shots}`)
  })
  return stage
}

/** Signs in, and lets our model speak. */
export async function enter(page, language, model, name) {
  await signIn(page, language)
  const provider = await post(page, "/providers", { name: `${name} ${language}`, base_url: model.url, model: "scripted-1", api_key: "sk-not-a-key" })
  await post(page, `/providers/${provider.id}/default`, {})
}

/** Says something in the conversation that is open. */
export async function tell(page, say, words) {
  await page.getByRole("textbox", { name: say.chat.composer }).fill(words)
  await page.keyboard.press("Enter")
}

/** The card that waits for the owner, of all of them the one with these words. */
export const waiting = (page, say, words = "") => page.getByRole("article", { name: say.approval.waitsFor }).filter({ hasText: words })

/** Allows what a card asks for. What is high risk has to be held. */
export const allow = (card, say) =>
  card
    .getByRole("button", { name: say.approval.allow, exact: true })
    .or(card.getByRole("button", { name: say.approval.hold }))
    .click({ delay: 1_000 })

export async function deny(card, say) {
  await card.getByRole("button", { name: say.approval.deny }).click()
  await card.getByRole("button", { name: say.approval.denyNow }).click()
}

/** The model's last word, and that the run is over. */
export async function rest(page, say, model) {
  const last = await model.next()
  await last.say("Done.")
  await last.end()
  await page.getByRole("button", { name: say.chat.stop }).waitFor({ state: "detached" })
}
