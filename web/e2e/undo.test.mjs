// What a command did is undone on its card, conflicts are left alone, and a file comes back from a snapshot.
import assert from "node:assert/strict"
import { test } from "node:test"
import { inspect, open, text } from "./browser.mjs"
import { allow, enter, rest, scripted, tell, waiting } from "./scripted.mjs"

const stage = scripted()

/** The model asks for each command, the owner allows it; answers once the run has ended. */
async function run(page, say, commands, look = () => undefined) {
  for (const [command, why] of commands) {
    await (await stage.model.next()).use("shell_run", { command, why })
    const card = waiting(page, say, command)
    await card.waitFor()
    await look(command, card)
    await allow(card, say)
    await page.getByRole("article", { name: command, exact: true }).getByText(say.exec.code(0)).waitFor()
  }
  await rest(page, say, stage.model)
}

async function ask(page, say, words) {
  await page.goto("/chat")
  await tell(page, say, words)
}

for (const language of ["en", "he"])
  test(`a deleted file comes back by undo, and what changed since is left alone (${language})`, { timeout: 240_000 }, async () => {
    const { context, page, faults } = await open(stage.browser, language)
    const say = text[language]
    const notes = `notes-${language}.txt`
    await enter(page, language, stage.model, "Undo")
    await ask(page, say, "Tidy my notes.")
    await run(page, say, [
      [`mkdir drafts-${language}; echo first > ${notes}`, "To begin with something."],
      [`rm ${notes}`, "They are old."],
    ], async (command, card) => {
      if (!command.startsWith("rm ")) return
      await card.getByText(say.undo.forecast.can).waitFor()
      await inspect(page, faults, "undo-foreseen")
    })
    const removal = page.getByRole("article", { name: `rm ${notes}`, exact: true })
    await removal.getByText(say.undo.changes(1)).waitFor()
    await inspect(page, faults, "undo-offered")
    await removal.getByRole("button", { name: say.undo.look }).click()
    const preview = removal.getByRole("region", { name: say.undo.title })
    await preview.getByText(notes).waitFor()
    await inspect(page, faults, "undo-preview")
    // The keyboard goes where the owner goes: into the preview, and back to the button that opened it.
    const focused = (it) => it.evaluate((it) => it === document.activeElement)
    assert.ok(await focused(preview.getByRole("heading", { name: say.undo.title })))
    await preview.getByRole("button", { name: say.undo.close }).click()
    const look = removal.getByRole("button", { name: say.undo.look })
    await look.waitFor()
    assert.ok(await focused(look))
    await look.click()
    await preview.getByRole("button", { name: say.undo.undo, exact: true }).click()
    await removal.getByRole("button", { name: say.undo.again }).waitFor()
    await inspect(page, faults, "undone")

    await ask(page, say, "Write them anew.")
    const write = `echo second > ${notes}`
    await run(page, say, [
      [write, "A second version."],
      [`cat ${notes} - < /dev/null > x-${language} && mv x-${language} ${notes} && echo third >> ${notes}`, "A third one."],
    ])
    const writing = page.getByRole("article", { name: write, exact: true })
    await writing.getByRole("button", { name: say.undo.look }).click()
    const conflict = writing.getByRole("region", { name: say.undo.title })
    await conflict.getByText(say.undo.conflicts(1)).waitFor()
    await inspect(page, faults, "undo-conflict")
    const button = conflict.getByRole("button", { name: say.undo.undo, exact: true })
    assert.ok(await button.isDisabled(), "nothing is left to do but what changed since")
    await conflict.getByLabel(notes).check()
    await button.click()
    await writing.getByRole("button", { name: say.undo.again }).waitFor()

    await page.goto("/approvals?tab=history")
    await page.getByRole("link").filter({ hasText: write }).first().click()
    const sheet = page.getByRole("dialog")
    await sheet.getByRole("button", { name: say.undo.again }).waitFor()
    await inspect(page, faults, "undo-sheet")
    await sheet.getByRole("button", { name: say.undo.again }).click()
    await sheet.getByRole("region", { name: say.undo.title }).getByText(notes).waitFor()
    await inspect(page, faults, "undo-sheet-again")
    await context.close()
    assert.deepEqual(faults, [])
  })

for (const language of ["en", "he"])
  test(`the workspace is kept, looked into, and a file is brought back from it (${language})`, { timeout: 240_000 }, async () => {
    const { context, page, faults } = await open(stage.browser, language)
    const say = text[language]
    const folder = `kept-${language}`
    const file = "letter.txt"
    await enter(page, language, stage.model, "Undo")
    await ask(page, say, "Write a letter.")
    await run(page, say, [[`mkdir ${folder}; echo dear > ${folder}/${file}`, "A letter."]])
    await page.goto("/settings")
    const snapshots = page.getByRole("region", { name: say.undo.snapshots })
    await snapshots.getByRole("button", { name: say.undo.now }).click()
    await snapshots.getByRole("button", { name: say.undo.open }).first().waitFor()
    await snapshots.scrollIntoViewIfNeeded()
    await inspect(page, faults, "snapshots")

    await ask(page, say, "Throw it away.")
    await run(page, say, [[`rm ${folder}/${file}`, "Away with it."]])
    await page.goto("/settings")
    await snapshots.getByRole("button", { name: say.undo.open }).first().click()
    await snapshots.getByRole("button", { name: `${folder}/` }).waitFor()
    await inspect(page, faults, "snapshot-root")
    await snapshots.getByRole("button", { name: `${folder}/` }).click()
    await snapshots.getByRole("button", { name: say.undo.bring, exact: true }).click()
    const preview = snapshots.getByRole("region", { name: say.undo.titleBring })
    await preview.getByRole("button", { name: say.undo.bringNow, exact: true }).waitFor()
    await inspect(page, faults, "snapshot-preview")
    await preview.getByRole("button", { name: say.undo.bringNow, exact: true }).click()
    await snapshots.getByRole("button", { name: say.undo.look }).waitFor()
    await inspect(page, faults, "snapshot-brought")
    await context.close()
    assert.deepEqual(faults, [])
  })
