import { cleanup, render, screen } from "@testing-library/react"
import { afterEach, expect, test } from "vitest"
import type { Approval } from "../api/model"
import { en } from "../i18n/en"
import { Effects } from "./Effects"

afterEach(cleanup)

const say = en.approval
const file = (path: string, bound = true, word = path) => ({ path, word, bound, sha256: "" })
const show = (programs: ReturnType<typeof file>[], cwd = "/work") => {
  render(<Effects approval={{ exec: { host: "box", command: "x" }, measure: { cwd, programs, scripts: [] } } as unknown as Approval} />)
  return screen.getAllByRole("listitem").map((it) => it.textContent)
}

test("a program is named with its path, and one that can change while it runs is said to", () => {
  const tags = show([file("/usr/bin/rm"), file("/work/bin/tidy", false), file("", false, "nope")])
  expect(tags).toContain(`${say.effect.programs} /usr/bin/rm`)
  expect(tags).toContain(`${say.effect.programs} /work/bin/tidy, ${say.notBound}`)
  expect(tags).toContain(`${say.effect.programs} nope, ${say.notFound}`)
  screen.getByText(say.notBoundWhy)
})

test("of many programs the bound ones are counted, the others named", () => {
  const tags = show([...Array.from({ length: 9 }, (_, n) => file(`/bin/p${n}`)), file("/work/loose", false)])
  expect(tags.filter((tag) => tag.startsWith(say.effect.programs))).toHaveLength(7)
  expect(tags).toContain(en.undo.more(3))
  expect(screen.getByText("/work/loose")).toBeDefined()
})

test("what can't be seen in a folder is spelled out as in a command", () => {
  show([], "/work/a\u202eb")
  screen.getByText("U+202E RLO")
})
