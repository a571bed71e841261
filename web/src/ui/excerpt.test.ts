import { expect, test } from "vitest"
import { excerpt, firstLine } from "./excerpt"

test("a short text is shown whole", () => {
  expect(excerpt("Look at the disks.\n")).toEqual({ shown: "Look at the disks.", cut: false })
  expect(excerpt("one\ntwo\nthree")).toEqual({ shown: "one\ntwo\nthree", cut: false })
})

test("of a longer one it is seen that something follows", () => {
  expect(excerpt("one\ntwo\nthree\nfour")).toEqual({ shown: "one\ntwo\nthree …", cut: true })
  expect(excerpt("one two three", 3, 9)).toEqual({ shown: "one two …", cut: true })
  expect(firstLine("  First.\n\nThen more.")).toBe("First. …")
})

test("no sign of two halves is cut in the middle", () => {
  for (const sign of ["😀", "👩‍🚀", "é"]) expect(excerpt(sign.repeat(10), 3, 4).shown).toBe(`${sign.repeat(4)} …`)
})
