import { expect, test } from "vitest"
import { segments } from "./rail"

const both = [
  { by: "you", line: 0 },
  { by: "ai", line: 10 },
] as const

test("each line on the screen has the rail of who had the keyboard", () => {
  expect(segments(both, 0, 24, 14)).toEqual([
    { by: "you", row: 0, rows: 10, begins: true },
    { by: "ai", row: 10, rows: 5, begins: true },
  ])
})

test("a stretch that began above the screen shows no shape there, and none goes below what was written", () => {
  expect(segments(both, 12, 24, 14)).toEqual([{ by: "ai", row: 0, rows: 3, begins: false }])
  expect(segments(both, 0, 5, 14)).toEqual([{ by: "you", row: 0, rows: 5, begins: true }])
  expect(segments([], 0, 24, 5)).toEqual([])
})
