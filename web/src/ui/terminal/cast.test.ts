import { expect, test } from "vitest"
import { readCast, stepsBy } from "./cast"

const lines = (...all: unknown[]) => all.map((it) => (typeof it === "string" ? it : JSON.stringify(it))).join("\n")

test("a recording is read line by line, whatever else stands in it", () => {
  const cast = readCast(lines({ version: 2, width: 100, height: 30 }, [0.5, "o", "a"], [1, "i", "x"], "{broken", [2, "r", "120x40"], [3, "m", "ls"], [4, "o", "b"], [5, "r", "0x99999"], "[]", ""))
  expect(cast.size).toEqual({ columns: 100, rows: 30 })
  expect(cast.steps).toEqual([
    { at: 0.5, what: "a" },
    { at: 2, what: { columns: 120, rows: 40 } },
    { at: 4, what: "b" },
  ])
  expect(cast.markers).toEqual([{ at: 3, label: "ls" }])
  expect(cast.length).toBe(5)
})

test("long pauses are cut, and time never runs back", () => {
  const cast = readCast(lines({ version: 2, width: 80, height: 24 }, [1, "o", "a"], [3601, "o", "b"], [3600, "o", "c"], [3602, "m", "end"]), 2)
  expect(cast.steps.map((step) => step.at)).toEqual([1, 3, 3])
  expect(cast.markers[0]?.at).toBe(4)
})

test("something that is no recording is an empty one", () => {
  expect(readCast("<html>")).toMatchObject({ steps: [], markers: [], length: 0, size: { columns: 80, rows: 24 } })
})

test("a moment is found among the steps", () => {
  const steps = [0, 1, 1, 5].map((at) => ({ at, what: "" }))
  expect([-1, 0, 1, 4.9, 5, 9].map((at) => stepsBy(steps, at))).toEqual([0, 1, 3, 3, 4, 4])
})
