import { expect, test } from "vitest"
import { scrollFor } from "./sight"

const box = { at: 100, size: 50 }

test("a line below or above what is seen is brought to the nearer edge, one that is seen moves nothing", () => {
  expect(scrollFor(box, 150, 160)).toBe(110)
  expect(scrollFor(box, 80, 90)).toBe(80)
  expect(scrollFor(box, 100, 110)).toBe(100)
  expect(scrollFor(box, 140, 150)).toBe(100)
})
