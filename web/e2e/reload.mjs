// A page that is loaded again in the middle of an answer: only what it has not seen comes over the line.
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { post } from "./browser.mjs"
import { startModel } from "./model.mjs"

const BEFORE = "These words were on the page before it was loaded again, שלום too, "
const AFTER = "and these words came behind it."

/** Every frame of every socket of the page, and a way to wait for one. */
function listen(page) {
  const frames = []
  let wake = () => undefined
  page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => {
      if (typeof payload === "string") frames.push(JSON.parse(payload))
      wake()
    })
    socket.on("framesent", ({ payload }) => {
      if (typeof payload === "string") frames.push({ sent: JSON.parse(payload) })
      wake()
    })
  })
  const until = async (wanted) => {
    for (;;) {
      const found = frames.find(wanted)
      if (found) return found
      await new Promise((woken) => (wake = woken))
    }
  }
  return { frames, until }
}

/** Connects a model of our own, reloads in the middle of its answer, and counts what comes afterwards. */
export async function reloadInTheMiddle(page, say) {
  const model = await startModel()
  try {
    const provider = await post(page, "/providers", { name: "Scripted", base_url: model.url, model: "scripted-1", api_key: "sk-not-a-key" })
    await post(page, `/providers/${provider.id}/default`, {})
    const line = listen(page)
    await page.goto("/chat")
    await page.getByRole("textbox", { name: say.chat.composer }).fill("Tell me something long.")
    await page.keyboard.press("Enter")
    const call = await model.next()
    await call.say(BEFORE)
    const log = page.getByRole("log", { name: say.chat.transcript })
    await log.getByText(BEFORE.trim()).waitFor()

    line.frames.length = 0
    await page.reload()
    const { sent } = await line.until((frame) => frame.sent?.topic?.startsWith("run."))
    const known = Buffer.byteLength(BEFORE)
    assert.equal(sent.from.offset, known, "it asks from the byte where it was")
    await line.until((frame) => frame.id === sent.id && frame.ok)
    await log.getByText(BEFORE.trim()).waitFor()
    await page.getByRole("button", { name: say.chat.stop }).waitFor()

    await call.say(AFTER)
    await log.getByText(`${BEFORE}${AFTER}`).waitFor()
    const deltas = line.frames.filter((frame) => frame.ev === "delta")
    assert.equal(deltas.map((delta) => delta.text).join(""), AFTER, "only what was not seen came again")
    assert.equal(deltas[0].offset, known)
    assert.ok(!line.frames.some((frame) => frame.ev === "gap"), "and nothing was lost")
    console.log(`after the reload: ${deltas.length} frames with ${AFTER.length} bytes of text, from byte ${known} on`)
    await call.end()
    await page.getByRole("button", { name: say.chat.stop }).waitFor({ state: "detached" })
    await log.getByText(`${BEFORE}${AFTER}`).waitFor()
    assert.equal(await log.getByText(`${BEFORE}${AFTER}`).count(), 1, "the message takes the place of the stream")
  } finally {
    model.stop()
  }
}
