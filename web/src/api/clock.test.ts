import { expect, test } from "vitest"
import { hearDate, middle, narrow, offsetOf, serverNow } from "./clock"

const DATE = "Sun, 22 Nov 2026 10:00:00 GMT"
const at = Date.parse(DATE)

test("one answer tells the offset to within a second and the way there and back", () => {
  expect(offsetOf(DATE, at - 60_000, at - 59_900)).toEqual({ least: 59_900, most: 61_000 })
  expect(offsetOf("no date", at, at)).toBeUndefined()
})

test("further answers narrow it down, and a clock that was set starts anew", () => {
  const first = { least: 59_900, most: 61_000 }
  expect(narrow(first, { least: 60_300, most: 61_400 })).toEqual({ least: 60_300, most: 61_000 })
  expect(narrow(first, { least: -100, most: 900 })).toEqual({ least: -100, most: 900 })
})

test("clocks that may agree are taken to agree", () => {
  expect(middle({ least: -200, most: 900 })).toBe(0)
  expect(middle({ least: -Infinity, most: Infinity })).toBe(0)
  expect(middle({ least: 60_000, most: 61_000 })).toBe(60_500)
})

test("the time of a phone that is an hour late is the server's", () => {
  const phone = Date.now()
  hearDate(new Date(phone + 3_600_000).toUTCString(), phone - 20, phone)
  expect(Math.abs(serverNow() - Date.now() - 3_600_000)).toBeLessThan(1100)
  hearDate(null, 0, 0)
  expect(Math.abs(serverNow() - Date.now() - 3_600_000)).toBeLessThan(1100)
})
