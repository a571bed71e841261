import { cleanup, render } from "@testing-library/react"
import { afterEach, expect, test } from "vitest"
import type { Forecast } from "../api/model"
import { setLanguage } from "../i18n"
import { en } from "../i18n/en"
import { he } from "../i18n/he"
import { Undoable } from "./Undoable"

afterEach(() => {
  cleanup()
  setLanguage("en")
})

/** The lines that the card shows. */
function says(forecast: Forecast | null): (string | null)[] {
  const { container, unmount } = render(<Undoable forecast={forecast} />)
  const lines = [...container.querySelectorAll("p")].map((it) => it.textContent)
  unmount()
  return lines
}

test("a card says whether its command can be undone, why not, and what nobody knows", () => {
  expect(says({ will: "keeps", files: 1, bytes: 5, gaps: [] })[0]).toMatch(/^Can be undone: 1 file \(5.*\) is kept before it runs\.$/)
  expect(says({ will: "keeps", files: 12, bytes: 3_000_000, gaps: [] })[0]).toMatch(/^Can be undone: 12 files \(.*MB\) are kept before it runs\.$/)
  expect(says({ will: "keeps", files: 0, bytes: 0, gaps: [] })).toEqual([`${en.undo.forecast.can} no file has to be kept for it.`])
  expect(says({ will: "not", why: "too_many" })).toEqual(["Can’t be undone: it touches more than 20,000 files."])
  expect(says({ will: "nothing" })).toEqual([en.undo.forecast.nothing])
  expect(says({ will: "unsure" })).toEqual([en.undo.forecast.unsure])
  expect(says(null)).toEqual([en.undo.forecast.unknown])
})

test("what an undo would leave out is said beside what it would bring back", () => {
  const lines = says({ will: "keeps", files: 2, bytes: 9, gaps: ["elsewhere", "unknown"] })
  expect(lines[0]).toMatch(/^Can be undone in part: 2 files/)
  expect(lines.slice(1)).toEqual([en.undo.forecast.gap.elsewhere, en.undo.forecast.gap.unknown])
})

test("the same in Hebrew", () => {
  setLanguage("he")
  expect(says({ will: "keeps", files: 1, bytes: 5, gaps: ["unknown"] })).toEqual([expect.stringContaining(he.undo.forecast.part), he.undo.forecast.gap.unknown])
  expect(says(null)).toEqual([he.undo.forecast.unknown])
})
