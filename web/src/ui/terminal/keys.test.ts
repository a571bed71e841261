import { expect, test } from "vitest"
import { arrow, ctrl } from "./keys"

test("an arrow is what the program asked for", () => {
  expect(arrow("up", false, false)).toBe("\u001b[A")
  expect(arrow("left", true, false)).toBe("\u001bOD")
  expect(arrow("right", true, true)).toBe("\u001b[1;5C")
})

test("Ctrl makes control characters of letters and leaves the rest", () => {
  expect(["c", "C", "[", "@", " ", "?", "é", "1", "ab"].map(ctrl)).toEqual(["\u0003", "\u0003", "\u001b", "\u0000", "\u0000", "\u007f", "é", "1", "ab"])
})
