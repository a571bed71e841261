// A chat that is longer than a page: it opens at its end, and what was said before comes when the reader scrolls up.
import assert from "node:assert/strict"
import { post } from "./browser.mjs"

const SAID = Array.from({ length: 120 }, (_, nth) => `word ${nth + 1} of many`)
const LATE = "and one more"
const TOP = 100

/** Says more than two pages hold, and reads back to the first word without losing the place. */
export async function scrollBack(page, say) {
  const chat = await post(page, "/chats", {})
  const path = `/chats/${chat.id}/messages`
  // The first begins a run that waits for the owner's word; the others join it.
  let run
  for (const text of SAID) run = (await post(page, path, { text })).run
  await page.goto(`/chat/${chat.id}`)
  const log = page.getByRole("log", { name: say.chat.transcript })
  const entry = (words) => log.getByText(words, { exact: true })
  // As it stands in its box: a line above the room, such as that there is a newer version, moves the box and nothing in it.
  const top = (words) => entry(words).evaluate((it) => it.getBoundingClientRect().top - it.closest("[role=log]").getBoundingClientRect().top)
  const scrollTo = (at) => log.evaluate((box, to) => { box.scrollTop = to }, at)
  await entry(SAID.at(-1)).waitFor()
  assert.equal(await entry(SAID[0]).count(), 0, "the first words are not on the first page")

  const shown = await log.locator(".said").allInnerTexts()
  // At once: while the end is in sight, whatever grows there moves everything.
  const place = await entry(shown[0]).evaluate((it, to) => {
    const box = it.closest("[role=log]")
    const stood = it.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop
    box.scrollTop = to
    return stood - to
  }, TOP)
  await entry(SAID[SAID.indexOf(shown[0]) - 1]).waitFor()
  const now = await top(shown[0])
  assert.ok(Math.abs(now - place) <= 1, `what is being read stays where it is: ${now} instead of ${place}`)
  await scrollTo(0)
  await entry(SAID[0]).waitFor()
  await log.getByRole("article", { name: say.approval.waitsFor }).waitFor()
  assert.deepEqual(await log.locator(".said").allInnerTexts(), SAID, "each once, in order")
  assert.equal(await page.getByRole("button", { name: say.chat.older }).count(), 0)

  const before = await top(SAID[2])
  await post(page, path, { text: LATE })
  await entry(LATE).waitFor()
  assert.equal(await top(SAID[2]), before, "what comes at the end moves nobody who reads above")
  await page.getByRole("button", { name: say.chat.toEnd }).waitFor()
  await post(page, `/runs/${run.id}/stop`, {})
  await entry(say.chat.stopped).waitFor()
}
