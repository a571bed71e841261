// Work that begins by itself: planned, begun early, asked about, taken back; and the stop of everything.
import assert from "node:assert/strict"
import { test } from "node:test"
import { inspect, open, text } from "./browser.mjs"
import { allow, enter, rest, scripted, tell, waiting } from "./scripted.mjs"

const stage = scripted()

/** The entry of a task, in whichever list it stands. */
const entry = (page, words) => page.getByRole("main").getByRole("listitem").filter({ hasText: words })

const focused = (it) => it.evaluate((it) => it === document.activeElement)

async function toSchedule(page, say) {
  await page.goto("/schedule")
  await page.getByRole("heading", { level: 1, name: say.task.title }).waitFor()
}

/** Plans something on the page of the schedule, for tomorrow at nine unless it is for now. */
async function plan(page, say, { words, mode, isNow = false, look = () => undefined }) {
  const button = page.getByRole("button", { name: say.task.plan, exact: true })
  await button.click()
  const sheet = page.getByRole("dialog", { name: say.task.plan })
  await sheet.getByRole("textbox", { name: say.task.what }).fill(words)
  await sheet.getByRole("radio", { name: say.rule.mode.says[mode] }).check()
  if (isNow) await sheet.getByRole("radio", { name: say.task.now, exact: true }).check()
  else assert.match(await sheet.getByLabel(say.task.at, { exact: true }).inputValue(), /T09:00$/)
  await look()
  await sheet.getByRole("button", { name: say.task.make }).click()
  await sheet.waitFor({ state: "detached" })
  assert.ok(await focused(button), "the keyboard is back where it was")
  await entry(page, words).waitFor()
}

async function takeBack(page, say, words) {
  await entry(page, words).getByRole("button", { name: say.task.takeBack }).click()
  await page.getByRole("group", { name: say.task.takeBackAsk }).getByRole("button", { name: say.task.takeBack }).click()
  await entry(page, words).getByText(say.task.state.skipped, { exact: true }).waitFor()
}

/** What is planned, its conversation, begun early in plan mode, and done though it was refused what it wanted. */
async function early(page, faults, say, language) {
  const words = `Make a file, early (${language})`
  await toSchedule(page, say)
  await page.getByText(say.task.none).waitFor()
  await inspect(page, faults, "schedule-empty")
  await plan(page, say, { words, mode: "plan", look: () => inspect(page, faults, "schedule-plan") })
  const row = entry(page, words)
  await row.getByText(say.rule.mode.label(say.rule.mode.name.plan)).waitFor()
  await inspect(page, faults, "schedule-planned")

  await row.getByRole("link", { name: say.task.toChat }).click()
  const log = page.getByRole("log", { name: say.chat.transcript })
  await log.getByText(say.task.begins("").trim()).waitFor()
  await page.getByRole("button", { name: say.rule.mode.label(say.rule.mode.name.plan) }).waitFor()
  await inspect(page, faults, "schedule-chat")
  await log.getByRole("link", { name: say.task.open }).click()

  await row.getByRole("button", { name: say.task.begin }).click()
  await (await stage.model.next()).use("shell_run", { command: `touch planned-${language}.txt`, why: "It was planned." })
  await rest(page, say, stage.model)
  await row.getByText(say.task.state.done, { exact: true }).waitFor()
  assert.ok(await focused(page.getByRole("heading", { level: 2, name: say.task.planned })), "the keyboard is at the head of the list that it left")
  await row.getByRole("link", { name: say.task.toChat }).click()
  await page.getByText(say.exec.why.plan_mode).waitFor()
  await inspect(page, faults, "schedule-refused")
}

/** Begun at once in ask mode: the card says that the schedule asks, and the answer lets it end well. */
async function asking(page, faults, say, language) {
  const words = `Make a file, asking (${language})`
  const command = `touch allowed-${language}.txt`
  await toSchedule(page, say)
  await plan(page, say, { words, mode: "ask", isNow: true })
  await (await stage.model.next()).use("shell_run", { command, why: "It was planned." })
  await entry(page, words).getByText(say.task.waits, { exact: true }).waitFor()
  await inspect(page, faults, "schedule-waits")

  await page.goto("/approvals")
  const card = waiting(page, say, command)
  await card.getByText(say.common.schedule, { exact: true }).waitFor()
  await inspect(page, faults, "schedule-asks")
  await allow(card, say)
  await rest(page, say, stage.model)
  await toSchedule(page, say)
  await entry(page, words).getByText(say.task.state.done, { exact: true }).waitFor()
  await inspect(page, faults, "schedule-done")
}

/** Stops a conversation with everything else, sees it said on another page, and lets it go on by keyboard alone. */
async function halting(page, faults, say) {
  await page.goto("/chat")
  await tell(page, say, "Take your time.")
  await (await stage.model.next()).say("I begin. ")
  await page.getByRole("button", { name: say.chat.stop }).waitFor()
  const conversation = page.url()

  await page.goto("/")
  const next = page.getByRole("region", { name: say.task.next })
  await next.getByRole("link", { name: say.task.title, exact: true }).waitFor()
  await next.getByText(say.rule.mode.name.auto, { exact: true }).waitFor()
  await page.getByRole("button", { name: say.task.halt.stop }).click()
  const sure = page.getByRole("group", { name: say.task.halt.ask })
  assert.ok(await focused(sure), "what it means is read out")
  await inspect(page, faults, "halt-ask")
  await sure.getByRole("button", { name: say.task.halt.stop }).click()
  const lift = page.getByRole("button", { name: say.task.halt.lift })
  await lift.waitFor()
  await page.getByRole("button", { name: say.task.halt.stop }).waitFor({ state: "detached" })
  await inspect(page, faults, "halted")

  await page.goto(conversation)
  await lift.waitFor()
  await page.getByText(say.chat.stopped).waitFor()
  await inspect(page, faults, "halted-chat")
  await lift.focus()
  await page.keyboard.press("Enter")
  await lift.waitFor({ state: "detached" })
  await page.getByRole("status").filter({ hasText: say.task.halt.lifted }).waitFor({ state: "attached" })
  await page.goto("/")
  await page.getByRole("button", { name: say.task.halt.stop }).waitFor()
}

/** What it may cost in a day: asked for once what is kept is known, kept, and there for whoever looks next. */
async function budget(page, faults, say, amount) {
  let hold
  const held = new Promise((taken) => (hold = taken))
  await page.route("**/api/v1/settings", hold, { times: 1 })
  await page.goto("/settings")
  const section = page.getByRole("region", { name: say.task.budget.title })
  const usd = section.getByRole("spinbutton", { name: say.task.budget.usd })
  await section.getByRole("status").waitFor()
  assert.equal(await usd.count(), 0, "nothing can be typed that the answer would mix with")
  await (await held).continue()
  await usd.fill(amount)
  await section.getByRole("button", { name: say.common.save }).click()
  await section.getByText(say.common.saved).waitFor()
  const kept = await (await page.request.get("/api/v1/settings")).json()
  assert.equal(kept.unattended_usd_per_day, Number(amount))
  await page.reload()
  assert.equal(await usd.inputValue(), amount)
  await section.scrollIntoViewIfNeeded()
  await inspect(page, faults, "unattended")
}

for (const [language, amount] of [
  ["en", "3.5"],
  ["he", "4.25"],
])
  test(`work is planned, begun early, asked about and taken back, and everything is stopped (${language})`, { timeout: 300_000 }, async () => {
    const { context, page, faults } = await open(stage.browser, language)
    const say = text[language]
    await enter(page, language, stage.model, "Schedule")
    await early(page, faults, say, language)
    await asking(page, faults, say, language)

    const words = `Never begun (${language})`
    await toSchedule(page, say)
    await plan(page, say, { words, mode: "auto" })
    await halting(page, faults, say)
    await toSchedule(page, say)
    await takeBack(page, say, words)
    await inspect(page, faults, "schedule-taken-back")

    await budget(page, faults, say, amount)
    await page.goto("/audit")
    await page.getByText(say.audit.kinds["halt.changed"]).first().waitFor()
    await context.close()
    assert.deepEqual(faults, [])
  })
