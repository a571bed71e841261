import { QueryClientProvider } from "@tanstack/react-query"
import { cleanup, render, screen } from "@testing-library/react"
import { afterEach, expect, test } from "vitest"
import { cache } from "../api/connection"
import type { Approval, Forecast } from "../api/model"
import { setLanguage } from "../i18n"
import { en } from "../i18n/en"
import { he } from "../i18n/he"
import { Ask } from "./Ask"
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
  expect(says({ will: "keeps", files: 0, bytes: 0, gaps: ["unknown"] }).map((line) => line?.trim())).toEqual([en.undo.forecast.part, en.undo.forecast.gap.unknown])
})

test("the same in Hebrew", () => {
  setLanguage("he")
  expect(says({ will: "keeps", files: 1, bytes: 5, gaps: ["unknown"] })).toEqual([expect.stringContaining(he.undo.forecast.part), he.undo.forecast.gap.unknown])
  expect(says(null)).toEqual([he.undo.forecast.unknown])
})

test("a card does not call hard to reverse what would come back whole", () => {
  const effects = { programs: [], reads: [], writes: ["/w/x"], deletes: [], sensitive: [], secrets: [], unknown: [], reversible: false }
  const card = (forecast: Forecast | null) => {
    const approval = {
      id: "apr_1",
      state: "waiting",
      risk: "medium",
      run_actor: { kind: "owner" },
      asked_at: new Date().toISOString(),
      expires_at: new Date(Date.now() + 600_000).toISOString(),
      digest: "d1",
      nonce: "n1",
      effects,
      exec: { id: "exe_1", command: "echo > x", host: "box", reasons: [], power: { as: "agent" }, forecast },
    } as unknown as Approval
    const { unmount } = render(
      <QueryClientProvider client={cache}>
        <Ask approval={approval} />
      </QueryClientProvider>,
    )
    const found = screen.queryByText(en.approval.effect.irreversible) !== null
    unmount()
    return found
  }
  expect(card({ will: "keeps", files: 1, bytes: 5, gaps: [] })).toBe(false)
  expect(card({ will: "keeps", files: 1, bytes: 5, gaps: ["unknown"] })).toBe(true)
  expect(card({ will: "not", why: "off" })).toBe(true)
  expect(card(null)).toBe(true)
})
