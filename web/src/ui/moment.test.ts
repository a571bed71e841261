// @vitest-environment node
import { afterAll, beforeAll, expect, test } from "vitest"
import { distance, fieldOf, instantOf, tomorrowMorning } from "./moment"

declare const process: { env: Record<string, string | undefined> }
const zone = process.env["TZ"]
beforeAll(() => {
  process.env["TZ"] = "Europe/Berlin"
})
afterAll(() => {
  if (zone === undefined) delete process.env["TZ"]
  else process.env["TZ"] = zone
})

const iso = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString())

test("a day and time are taken on the browser's own clock, and come back the same", () => {
  const at = instantOf("2026-11-29T09:00")
  expect(iso(at)).toBe("2026-11-29T08:00:00.000Z")
  expect(fieldOf(at!)).toBe("2026-11-29T09:00")
  expect(iso(instantOf("2026-07-01T09:00"))).toBe("2026-07-01T07:00:00.000Z")
  expect(instantOf("")).toBeUndefined()
})

test("a time that the clocks leap over is the one behind the leap", () => {
  const at = instantOf("2027-03-28T02:30")
  expect(iso(at)).toBe("2027-03-28T01:30:00.000Z")
  expect(fieldOf(at!)).toBe("2027-03-28T03:30")
})

test("tomorrow morning is nine o'clock there, also when the night is an hour shorter", () => {
  expect(fieldOf(tomorrowMorning(Date.parse("2026-11-28T23:30:00+01:00")))).toBe("2026-11-29T09:00")
  expect(fieldOf(tomorrowMorning(Date.parse("2027-03-27T12:00:00+01:00")))).toBe("2027-03-28T09:00")
  expect(fieldOf(tomorrowMorning(Date.parse("2026-12-31T00:10:00+01:00")))).toBe("2027-01-01T09:00")
})

test("what is to come is told in minutes, hours, then days, and what is there in none", () => {
  const now = Date.parse("2026-11-28T10:00:00Z")
  const after = (minutes: number) => distance(now + minutes * 60_000, now)
  expect(after(0)).toBeUndefined()
  expect(after(-5)).toBeUndefined()
  expect(after(0.2)).toEqual({ n: 1, unit: "min" })
  expect(after(18)).toEqual({ n: 18, unit: "min" })
  expect(after(89)).toEqual({ n: 89, unit: "min" })
  expect(after(90)).toEqual({ n: 2, unit: "h" })
  expect(after(47 * 60)).toEqual({ n: 47, unit: "h" })
  expect(after(48 * 60)).toEqual({ n: 2, unit: "d" })
})
