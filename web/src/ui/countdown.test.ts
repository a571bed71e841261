import { expect, test } from "vitest"
import { clockText, remaining } from "./countdown"

const asked = "2026-11-22T10:00:00.000Z"
const expires = "2026-11-22T10:15:00.000Z"
const at = (text: string) => Date.parse(`2026-11-22T${text}Z`)

test("the wick is whole at the start and gone at the end", () => {
  expect(remaining(asked, expires, at("10:00:00"))).toEqual({ seconds: 900, share: 1 })
  expect(remaining(asked, expires, at("10:07:30"))).toEqual({ seconds: 450, share: 0.5 })
  expect(remaining(asked, expires, at("10:15:00"))).toEqual({ seconds: 0, share: 0 })
})

test("a clock that is off never shows less than nothing or more than all", () => {
  expect(remaining(asked, expires, at("11:00:00"))).toEqual({ seconds: 0, share: 0 })
  expect(remaining(asked, expires, at("09:00:00")).share).toBe(1)
})

test("the last started second still counts", () => {
  expect(remaining(asked, expires, at("10:14:59.400")).seconds).toBe(1)
})

test("a clock reads as minutes, and as hours when there are any", () => {
  expect(clockText(702)).toBe("11:42")
  expect(clockText(4)).toBe("0:04")
  expect(clockText(7387)).toBe("2:03:07")
})
