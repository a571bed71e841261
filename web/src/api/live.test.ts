import { expect, test } from "vitest"
import { follow, type LiveTurn } from "./live"

const delta = (turn: number, attempt: number, offset: number, text: string) => ({ ev: "delta" as const, topic: "run.x", turn, attempt, offset, text })
const play = (...frames: ReturnType<typeof delta>[]): LiveTurn | undefined => {
  let now: LiveTurn | undefined
  for (const frame of frames) {
    const step = follow(now, frame)
    if ("next" in step) now = step.next
  }
  return now
}

test("pieces join at byte offsets, not at letters", () => {
  expect(play(delta(1, 1, 0, "שלום"), delta(1, 1, 8, " x"))).toEqual({ turn: 1, attempt: 1, end: 10, text: "שלום x" })
})

test("a piece that comes twice, or overlaps, is taken once", () => {
  expect(play(delta(1, 1, 0, "abc"), delta(1, 1, 0, "abc"), delta(1, 1, 2, "cde"))?.text).toBe("abcde")
})

test("a piece that comes too early is a hole", () => {
  expect(follow({ turn: 1, attempt: 1, end: 3, text: "abc" }, delta(1, 1, 9, "x"))).toEqual({ hole: true })
})

test("a new attempt throws the partial text away, a new turn starts empty", () => {
  expect(play(delta(1, 1, 0, "abc"), delta(1, 2, 0, "new"))?.text).toBe("new")
  expect(follow({ turn: 1, attempt: 1, end: 3, text: "abc" }, { ev: "turn", topic: "run.x", turn: 1, attempt: 2 })).toEqual({ next: { turn: 1, attempt: 2, end: 0, text: "" } })
  expect(play(delta(1, 2, 0, "abc"), delta(2, 1, 0, "next"))?.text).toBe("next")
})

test("a late piece of an older attempt changes nothing", () => {
  expect(follow({ turn: 2, attempt: 1, end: 3, text: "abc" }, delta(1, 3, 0, "old"))).toEqual({ old: true })
})
