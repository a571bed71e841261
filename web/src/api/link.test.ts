import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { backoff, Link, type LinkState, type TopicFrame } from "./link"
import type { Fact } from "./model"

/** The browser's end of a socket, driven by the test: no server is imitated, only frames of the contract. */
class Wire {
  static all: Wire[] = []
  readyState = 0
  binaryType = ""
  sent: Record<string, unknown>[] = []
  onopen: (() => void) | null = null
  onmessage: ((message: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  constructor() {
    Wire.all.push(this)
  }
  /** Keys as they went out: channel, count, bytes. */
  keys: [number, number, number[]][] = []
  send(data: string | Uint8Array) {
    if (typeof data === "string") this.sent.push(JSON.parse(data) as Record<string, unknown>)
    else {
      const view = new DataView(data.buffer)
      expect(view.getUint8(0)).toBe(2)
      this.keys.push([view.getUint32(1), Number(view.getBigUint64(5)), [...data.subarray(13)]])
    }
  }
  close() {
    this.readyState = 3
  }
  open() {
    this.readyState = 1
    this.onopen?.()
  }
  say(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  bytes(channel: number, offset: number, bytes: number[]) {
    const frame = new Uint8Array(13 + bytes.length)
    const view = new DataView(frame.buffer)
    view.setUint8(0, 1)
    view.setUint32(1, channel)
    view.setBigUint64(5, BigInt(offset))
    frame.set(bytes, 13)
    this.onmessage?.({ data: frame.buffer })
  }
  fail(code = 1006) {
    this.readyState = 3
    this.onclose?.({ code })
  }
  subs() {
    return this.sent.filter((frame) => frame["op"] === "sub")
  }
}

let facts: Fact[]
let states: LinkState[]
let missed: number
let left: number
let stood: string[]
let link: Link

const wire = () => Wire.all.at(-1)!
const fact = (eid: number) => ({ ev: "run.ended", topic: "events", eid, at: "2026-11-22T10:00:00Z", data: { eid, type: "run.ended" } })

beforeEach(() => {
  vi.useFakeTimers()
  Wire.all = []
  facts = []
  states = []
  stood = []
  missed = left = 0
  link = new Link({
    url: "ws://x/api/v1/ws",
    open: () => new Wire() as unknown as WebSocket,
    random: () => 1,
    fact: (it) => facts.push(it),
    missed: () => (missed += 1),
    status: (terminal) => stood.push(terminal),
    state: (it) => states.push(it),
    signedOut: () => (left += 1),
  })
})

afterEach(() => {
  link.stop()
  vi.useRealTimers()
})

function live() {
  link.subscribe("events")
  link.start()
  wire().open()
  wire().say({ id: 1, ok: true, eid: 40 })
}

test("the first subscription starts at the newest fact and has everything fetched again", () => {
  live()
  expect(wire().subs()).toEqual([{ id: 1, op: "sub", topic: "events" }])
  expect(missed).toBe(1)
  expect(states.at(-1)).toBe("live")
})

test("after a cut it asks only for what came since, and drops what it has seen", () => {
  live()
  wire().say(fact(41))
  wire().say(fact(41))
  wire().fail()
  expect(states.at(-1)).toBe("offline")
  vi.advanceTimersByTime(500)
  wire().open()
  expect(wire().subs()).toEqual([{ id: 2, op: "sub", topic: "events", after: 41 }])
  wire().say(fact(41))
  wire().say(fact(42))
  expect(facts.map((it) => it.eid)).toEqual([41, 42])
  expect(missed).toBe(1)
})

test("a gap in the facts means fetching by REST and going on behind it", () => {
  live()
  wire().say({ ev: "gap", topic: "events", from: 41, to: 90 })
  expect(missed).toBe(2)
  wire().say(fact(90))
  wire().say(fact(91))
  expect(facts.map((it) => it.eid)).toEqual([91])
})

test("a run resumes at the position its listener holds at that moment", () => {
  live()
  let offset = 0
  const frames: TopicFrame[] = []
  link.subscribe("run.run_1", { from: () => ({ turn: 1, attempt: 1, offset }), frame: (frame) => frames.push(frame) })
  wire().say({ ev: "delta", topic: "run.run_1", turn: 1, attempt: 1, offset: 0, text: "hello" })
  expect(frames.length).toBe(1)
  offset = 5
  wire().fail()
  vi.advanceTimersByTime(500)
  wire().open()
  expect(wire().subs().at(-1)).toMatchObject({ topic: "run.run_1", from: { turn: 1, attempt: 1, offset: 5 } })
})

test("terminal bytes go to the topic whose channel they carry", () => {
  live()
  const got: [number, number[]][] = []
  link.subscribe("terminal.trm_1", { from: () => 0, bytes: (offset, bytes) => got.push([offset, [...bytes]]) })
  wire().say({ id: 2, ok: true, eid: 40, channel: 7 })
  wire().bytes(7, 4096, [104, 105])
  wire().bytes(8, 0, [1])
  expect(got).toEqual([[4096, [104, 105]]])
})

test("an unsubscribed topic is quiet and is not asked for again", () => {
  live()
  const leave = link.subscribe("run.run_1", { frame: () => expect.unreachable() })
  leave()
  expect(wire().sent.at(-1)).toMatchObject({ op: "unsub", topic: "run.run_1" })
  wire().say({ ev: "turn", topic: "run.run_1", turn: 1, attempt: 2 })
  wire().fail()
  vi.advanceTimersByTime(500)
  wire().open()
  expect(wire().subs().length).toBe(1)
})

test("it waits longer after each failure, up to half a minute, with chance in it", () => {
  expect([0, 1, 2, 5, 6, 20].map((n) => backoff(n, 1))).toEqual([500, 1000, 2000, 16_000, 30_000, 30_000])
  expect(backoff(2, 0)).toBe(1000)
})

test("back online it connects at once", () => {
  live()
  for (let n = 0; n < 4; n++) {
    wire().fail()
    vi.advanceTimersByTime(30_000)
  }
  wire().fail()
  const before = Wire.all.length
  dispatchEvent(new Event("online"))
  expect(Wire.all.length).toBe(before + 1)
})

test("it pings, and a line that answers nothing is dropped", () => {
  live()
  vi.advanceTimersByTime(25_000)
  expect(wire().sent.at(-1)).toMatchObject({ op: "ping" })
  wire().say({ id: 2, ev: "pong" })
  vi.advanceTimersByTime(25_000)
  expect(states.at(-1)).toBe("live")
  vi.advanceTimersByTime(25_000)
  expect(states.at(-1)).toBe("offline")
})

test("a session that is gone ends the link; a refusal is not tried again", () => {
  live()
  wire().fail(4401)
  expect(left).toBe(1)
  vi.advanceTimersByTime(60_000)
  expect(Wire.all.length).toBe(1)
})

test("broken frames are passed over", () => {
  live()
  wire().onmessage?.({ data: "{" })
  wire().onmessage?.({ data: "null" })
  wire().onmessage?.({ data: new ArrayBuffer(3) })
  wire().say(fact(41))
  expect(facts.length).toBe(1)
})

/** A subscription to a terminal that stands, on channel 7. */
function terminal(listener: Parameters<Link["subscribe"]>[1]) {
  live()
  const leave = link.subscribe("terminal.trm_1", listener)
  wire().say({ id: 2, ok: true, eid: 40, channel: 7 })
  return leave
}

const framed = (kind: number, channel: number, offset: number, bytes: number[]) => {
  const frame = new Uint8Array(13 + bytes.length)
  const view = new DataView(frame.buffer)
  view.setUint8(0, kind)
  view.setUint32(1, channel)
  view.setBigUint64(5, BigInt(offset))
  frame.set(bytes, 13)
  return frame.buffer
}

test("a screen comes as its size and who drove, and then its bytes, and is handed on as one", () => {
  const screens: unknown[] = []
  terminal({ from: () => "screen", screen: ({ offset, size, bytes, stretches }) => screens.push([offset, size, [...bytes], stretches]) })
  expect(wire().subs().at(-1)).toMatchObject({ topic: "terminal.trm_1", from: "screen" })
  wire().onmessage?.({ data: framed(3, 7, 9, [1]) })
  wire().say({ ev: "screen", topic: "terminal.trm_1", offset: 4096, size: { columns: 80, rows: 24 }, stretches: [{ row: 0, by: "ai" }] })
  wire().onmessage?.({ data: framed(3, 7, 4096, [104]) })
  wire().onmessage?.({ data: framed(9, 7, 0, [1]) })
  expect(screens).toEqual([[4096, { columns: 80, rows: 24 }, [104], [{ row: 0, by: "ai" }]]])
})

test("keys go out in binary with a running count, and only where there is a line", () => {
  expect(link.press("terminal.trm_1", Uint8Array.of(1))).toBe(false)
  let lost = 0
  let ready = 0
  terminal({ lost: () => (lost += 1), ready: () => (ready += 1) })
  expect(link.press("terminal.trm_1", Uint8Array.of(108, 115))).toBe(true)
  expect(link.press("terminal.trm_1", Uint8Array.of(13))).toBe(true)
  expect(wire().keys).toEqual([
    [7, 2, [108, 115]],
    [7, 3, [13]],
  ])
  wire().fail()
  expect([lost, ready]).toEqual([1, 1])
  expect(link.press("terminal.trm_1", Uint8Array.of(13))).toBe(false)
})

test("another size is asked for by name, and a refusal reaches who asked", () => {
  const refused: string[] = []
  terminal({ refused: (problem) => refused.push(problem.code) })
  link.resize("terminal.trm_1", { columns: 100, rows: 30 })
  expect(wire().sent.at(-1)).toEqual({ id: 3, op: "resize", topic: "terminal.trm_1", size: { columns: 100, rows: 30 } })
  wire().say({ id: 3, error: { code: "terminal_ended" } })
  wire().say({ id: null, topic: "terminal.trm_1", error: { code: "terminal_busy" } })
  expect(refused).toEqual(["terminal_ended", "terminal_busy"])
})

test("a topic's own facts are told once each, from the first on, and go on where they were", () => {
  const told: number[] = []
  live()
  link.subscribe("terminal.trm_1", { after: 0, fact: (it) => told.push(it.eid) })
  expect(wire().subs().at(-1)).toMatchObject({ topic: "terminal.trm_1", after: 0 })
  const drive = (eid: number) => ({ ev: "terminal.drive", topic: "terminal.trm_1", eid, at: "2026-11-22T10:00:00Z", data: { eid } })
  for (const eid of [3, 9, 9, 4]) wire().say(drive(eid))
  expect(told).toEqual([3, 9])
  expect(facts).toEqual([])
  wire().fail()
  vi.advanceTimersByTime(500)
  wire().open()
  expect(wire().subs().at(-1)).toMatchObject({ topic: "terminal.trm_1", after: 9 })
})

test("how a terminal stands is told to the page and to who watches it", () => {
  const seen: TopicFrame["ev"][] = []
  terminal({ frame: (it) => seen.push(it.ev) })
  wire().say({ ev: "terminal.status", topic: "terminal.trm_1", status: { state: "running" } })
  wire().say({ ev: "terminal.pressed", topic: "terminal.trm_1", n: 3 })
  expect(seen).toEqual(["terminal.status", "terminal.pressed"])
  expect(stood).toEqual(["trm_1"])
})
