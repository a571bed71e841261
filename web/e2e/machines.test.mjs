// A second machine in Settings: registered, its keys shown once, taken back. It never joins; that has tests of its own.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { baseUrl, claimCode, inspect, launch, open, text } from "./browser.mjs"
import { signIn } from "./sitting.mjs"

const NAME = "build"

let browser
before(async () => {
  assert.ok(baseUrl && claimCode, "set BASE_URL and CLAIM_CODE to what the stack launcher printed")
  browser = await launch()
})
after(() => browser?.close())

test("a machine is registered, its keys are shown once, and they are taken back", { timeout: 120_000 }, async () => {
  const { context, page, faults } = await open(browser, "en")
  const say = text.en.settings
  await signIn(page, "en")
  await page.goto("/settings")
  const machines = page.getByRole("region", { name: say.machines })
  await machines.getByText(say.thisMachine).waitFor()
  await machines.getByRole("button", { name: say.addMachine }).click()
  await machines.getByRole("textbox", { name: say.machineName }).fill(NAME)
  await machines.getByRole("button", { name: say.addMachine, exact: true }).last().click()

  const lines = machines.getByLabel(say.joinLines)
  const script = await lines.innerText()
  assert.match(script, /METATRON_ROLE: shell-worker/)
  const key = /keys\/link\.key <<'END'\n([0-9a-f]{64})\n/.exec(script)?.[1]
  assert.ok(key, "the link key is among the lines")
  await machines.getByText(say.machineState.waiting).waitFor()
  await inspect(page, faults, "machine-papers")

  await page.reload()
  await machines.getByText(say.machineState.waiting).waitFor()
  assert.equal(await lines.count(), 0, "they are shown once")
  assert.ok(!(await page.content()).includes(key), "and are nowhere on the page")
  const told = await (await page.request.get("/api/v1/hosts")).text()
  assert.ok(told.includes(NAME) && !told.includes(key))

  await machines.getByRole("button", { name: say.revoke }).click()
  await machines.getByRole("group", { name: say.revokeMachine(NAME) }).getByRole("button", { name: say.revoke }).click()
  await machines.getByText(say.machineState.revoked, { exact: true }).waitFor()
  await inspect(page, faults, "machine-revoked")
  assert.deepEqual(faults, [])
  await context.close()
})
