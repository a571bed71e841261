import { beforeEach, expect, test } from "vitest"
import { Link } from "./link"
import { follow, forgetLive, type LiveTurn, pack, skip, unpack, useLive, watchRun } from "./live"

beforeEach(() => forgetLive())

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

test("a hole that nobody can fill is passed over once, a hole in the facts changes nothing", () => {
  const now = { turn: 1, attempt: 1, end: 3, text: "abc" }
  const gap = { ev: "gap" as const, topic: "run.x", from: 3, to: 9 }
  expect(skip(now, gap)).toBe(now)
  const behind = skip(now, { ...gap, turn: 1, attempt: 1 })
  expect(behind).toEqual({ turn: 1, attempt: 1, end: 9, text: "abc … " })
  expect(skip(behind, { ...gap, turn: 1, attempt: 1 })).toBe(behind)
  expect(follow(behind, delta(1, 1, 9, "xyz"))).toEqual({ next: { turn: 1, attempt: 1, end: 12, text: "abc … xyz" } })
})

test("a reload takes the newest texts along as far as there is room, and takes back nothing else", () => {
  const turn = (text: string) => ({ turn: 1, attempt: 1, end: text.length, text })
  const runs = { run_1: turn("x".repeat(300_000)), run_2: turn("y".repeat(300_000)), run_3: turn("short") }
  expect(Object.keys(unpack(pack(runs))).sort()).toEqual(["run_2", "run_3"])
  expect(unpack(pack({ run_3: turn("short") }))).toEqual({ run_3: turn("short") })
  for (const text of [null, "", "{", "null", "7", '"x"', '{"run_1":null}', '{"run_1":{"turn":1,"attempt":1,"end":-1,"text":"x"}}', '{"run_1":{"turn":1,"attempt":1,"end":1}}']) expect(unpack(text)).toEqual({})
})

test("after a reload a run is asked for from the byte behind what was taken along", () => {
  useLive.setState({ runs: { run_1: { turn: 2, attempt: 1, end: 9, text: "שלום " } } })
  dispatchEvent(new Event("pagehide"))
  forgetLive()
  const stored = sessionStorage.getItem("metatron.live")
  useLive.setState({ runs: unpack(stored) })
  const sent: unknown[] = []
  const wire = { readyState: 1, send: (text: string) => sent.push(JSON.parse(text)), close: () => undefined } as unknown as WebSocket
  const link = new Link({ url: "ws://x", open: () => wire, fact: () => undefined, missed: () => undefined, state: () => undefined, signedOut: () => undefined })
  link.start()
  watchRun(link, "run_1")
  watchRun(link, "run_2")
  expect(sent).toMatchObject([
    { op: "sub", topic: "run.run_1", from: { turn: 2, attempt: 1, offset: 9 } },
    { op: "sub", topic: "run.run_2", from: { turn: 0, attempt: 0, offset: 0 } },
  ])
  const hear = (frame: object) => {
    wire.onmessage?.({ data: JSON.stringify(frame) } as MessageEvent)
  }
  hear({ ev: "delta", topic: "run.run_1", turn: 2, attempt: 1, offset: 9, text: "world" })
  expect(useLive.getState().runs["run_1"]).toEqual({ turn: 2, attempt: 1, end: 14, text: "שלום world" })
  // The journal went on meanwhile: the kept text gives way to the turn the server tells.
  hear({ ev: "turn", topic: "run.run_1", turn: 3, attempt: 1 })
  expect(useLive.getState().runs["run_1"]).toEqual({ turn: 3, attempt: 1, end: 0, text: "" })
  link.stop()
})
