import { act, cleanup, renderHook } from "@testing-library/react"
import { afterEach, expect, test, vi } from "vitest"
import type { Question } from "../api/model"
import { stand, useFresh } from "./answering"

afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

const ask = (id: string) => ({ id, state: "waiting" }) as Question
const [a, b, c] = [ask("a"), ask("b"), ask("c")]
const seen = (...standing: ReturnType<typeof stand>) => standing.map(({ question, gone }) => (gone ? `(${question.id})` : question.id))

test("what was answered elsewhere leaves a word in its place, what was answered here leaves nothing", () => {
  expect(seen(...stand([a, b, c], [c], new Map([["a", "counts"]])))).toEqual(["(b)", "c"])
})

test("while an answer from here is on its way the card stays as it is", () => {
  expect(seen(...stand([a], [], new Map([["a", "sent"]])))).toEqual(["a"])
})

test("a card has moved when anything above it did", () => {
  const place = (...args: Parameters<typeof stand>) => stand(...args).at(-1)?.place
  const before = place([a, c], [a, c], new Map())
  expect(place([a, c, b], [a, c, b], new Map())).not.toBe(before)
  expect(place([a, c], [c], new Map())).not.toBe(before)
  expect(place([a, c], [c], new Map([["a", "counts"]]))).not.toBe(before)
  expect(place([a, c], [ask("a"), ask("c")], new Map())).toBe(before)
})

test("a card takes no click before it has stood still for a while, each time that it moves", () => {
  vi.useFakeTimers()
  const { result, rerender } = renderHook(({ place }) => useFresh(place, 700), { initialProps: { place: "1" } })
  const pass = (ms: number) => {
    act(() => {
      vi.advanceTimersByTime(ms)
    })
  }
  expect(result.current).toBe(true)
  pass(699)
  expect(result.current).toBe(true)
  pass(1)
  expect(result.current).toBe(false)
  rerender({ place: "2" })
  expect(result.current).toBe(true)
  pass(700)
  expect(result.current).toBe(false)
})
