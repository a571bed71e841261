// One WebSocket that resumes. Owns: connection, back-off, subscriptions and where each of them stands.
// It hands frames on and never touches the query cache: that is socket.ts.
import type { Fact, Problem, TerminalSize, TerminalStatus } from "./model"
import type { ScreenDump } from "./screen"

export type LinkState = "connecting" | "live" | "catching_up" | "offline" | "refused"

export interface DeltaFrame {
  ev: "delta"
  topic: string
  turn: number
  attempt: number
  offset: number
  text: string
}

export interface TurnFrame {
  ev: "turn"
  topic: string
  turn: number
  attempt: number
}

export interface GapFrame {
  ev: "gap"
  topic: string
  from?: unknown
  to?: unknown
  /** With these it is a hole in the text of that turn, else one in the facts or in a terminal's bytes. */
  turn?: number
  attempt?: number
}

export interface TerminalEndFrame {
  ev: "terminal.end"
  topic: string
  offset: number
  exit?: unknown
}

/** A terminal stands otherwise than before. */
export interface TerminalStatusFrame {
  ev: "terminal.status"
  topic: string
  status: TerminalStatus
}

/** So many of the key bytes that this subscription sent were typed. */
export interface TerminalPressedFrame {
  ev: "terminal.pressed"
  topic: string
  n: number
}

/** So many look at a terminal now, this page among them. */
export interface TerminalViewersFrame {
  ev: "terminal.viewers"
  topic: string
  viewers: number
}

export type TopicFrame = DeltaFrame | TurnFrame | GapFrame | TerminalEndFrame | TerminalStatusFrame | TerminalPressedFrame

const TOPIC_FRAMES = new Set(["delta", "turn", "gap", "terminal.end", "terminal.status", "terminal.pressed"])

export interface Listener {
  /** Facts after this one are told at the first subscription; from now on when absent. */
  after?: number
  /** Where to resume from; asked anew at every connection. */
  from?: () => unknown
  /** A fact about this topic, once each, in order. */
  fact?: (fact: Fact) => void
  frame?: (frame: TopicFrame) => void
  bytes?: (offset: number, bytes: Uint8Array) => void
  screen?: (screen: ScreenDump) => void
  /** The subscription stands: what was sent on an earlier one is void. */
  ready?: () => void
  /** The line is gone; it comes back by itself. */
  lost?: () => void
  /** Something asked of this topic was refused. */
  refused?: (problem: Problem) => void
}

interface Subscription {
  topic: string
  listener: Listener
  after: number | undefined
  channel: number | undefined
  /** What was told of the screen whose bytes come next. */
  screen: Pick<ScreenDump, "size" | "stretches"> | undefined
  /** Bytes of keys sent since the subscription stands. */
  keys: number
}

interface Options {
  url: string
  open?: (url: string, protocol: string) => WebSocket
  random?: () => number
  /** A fact of the topic `events`, once each, in order. */
  fact: (fact: Fact) => void
  /** Facts may have been missed: what is shown must be fetched again. */
  missed: () => void
  state: (state: LinkState) => void
  /** How a watched terminal stands now. */
  status?: (terminal: string, status: TerminalStatus) => void
  /** How many look at a watched terminal now. */
  viewers?: (terminal: string, viewers: number) => void
  /** The session is gone (4401). */
  signedOut: () => void
}

const PROTOCOL = "metatron.v1"
const PING_MS = 25_000
const HEADER = 13
const OUTPUT = 1
const KEYS = 2
const SCREEN = 3

/** How long to wait before try `n` (0-based): 0.5 s doubling to 30 s, half of it by chance. */
export function backoff(n: number, random: number): number {
  const full = Math.min(30_000, 500 * 2 ** Math.min(n, 10))
  return full / 2 + (full / 2) * random
}

export class Link {
  private socket: WebSocket | undefined
  private readonly subscriptions = new Map<string, Subscription>()
  private readonly channels = new Map<number, Subscription>()
  private readonly pending = new Map<number, string>()
  /** What else was asked of a topic. */
  private readonly asked = new Map<number, string>()
  private nextId = 1
  private tries = 0
  private retry: ReturnType<typeof setTimeout> | undefined
  private pinger: ReturnType<typeof setInterval> | undefined
  private heard = false
  private wanted = false
  /** What this page shows, where it is a device that is notified. */
  private shown: { device: string; chat?: string } | undefined

  constructor(private readonly options: Options) {}

  start(): void {
    if (this.wanted) return
    this.wanted = true
    addEventListener("online", this.hurry)
    document.addEventListener("visibilitychange", this.hurry)
    this.connect()
  }

  stop(): void {
    this.wanted = false
    removeEventListener("online", this.hurry)
    document.removeEventListener("visibilitychange", this.hurry)
    clearTimeout(this.retry)
    this.drop()
  }

  /** Listens to a topic until the returned function is called. One listener a topic. */
  subscribe(topic: string, listener: Listener = {}): () => void {
    const subscription: Subscription = { topic, listener, after: listener.after, channel: undefined, screen: undefined, keys: 0 }
    this.subscriptions.set(topic, subscription)
    if (this.isOpen()) this.send(subscription)
    return () => {
      if (this.subscriptions.get(topic) !== subscription) return
      this.subscriptions.delete(topic)
      if (subscription.channel !== undefined) this.channels.delete(subscription.channel)
      if (this.isOpen()) this.write({ id: this.nextId++, op: "unsub", topic })
    }
  }

  /** Subscribes anew from where the listener stands now: after a hole in the stream. */
  again(topic: string): void {
    const subscription = this.subscriptions.get(topic)
    if (subscription && this.isOpen()) this.send(subscription)
  }

  /** Sends keys to a terminal; false when there is no line, and then they are sent to nobody. */
  press(topic: string, bytes: Uint8Array): boolean {
    const subscription = this.subscriptions.get(topic)
    if (!subscription || subscription.channel === undefined || !this.isOpen()) return false
    const frame = new Uint8Array(HEADER + bytes.length)
    const view = new DataView(frame.buffer)
    subscription.keys += bytes.length
    view.setUint8(0, KEYS)
    view.setUint32(1, subscription.channel)
    view.setBigUint64(5, BigInt(subscription.keys))
    frame.set(bytes, HEADER)
    this.socket?.send(frame)
    return true
  }

  /** Asks for another size of a terminal; its status tells when it has it. */
  resize(topic: string, size: TerminalSize): void {
    if (!this.subscriptions.has(topic) || !this.isOpen()) return
    const id = this.nextId++
    this.asked.set(id, topic)
    this.write({ id, op: "resize", topic, size })
  }

  /** Says what this page shows: now, and at every new connection. */
  show(device: string | undefined, chat: string | undefined): void {
    // Whoever has said nothing yet has nothing to take back.
    if (device === undefined || (chat === undefined && this.shown?.chat === undefined)) return
    this.shown = { device, ...(chat === undefined ? {} : { chat }) }
    if (this.isOpen()) this.write({ id: this.nextId++, op: "visible", ...this.shown })
  }

  private readonly hurry = () => {
    if (!this.wanted || this.socket || document.visibilityState === "hidden") return
    clearTimeout(this.retry)
    this.connect()
  }

  private isOpen(): boolean {
    return this.socket?.readyState === 1
  }

  private connect(): void {
    const open = this.options.open ?? ((url: string, protocol: string) => new WebSocket(url, protocol))
    const socket = open(this.options.url, PROTOCOL)
    socket.binaryType = "arraybuffer"
    this.socket = socket
    if (this.tries === 0) this.options.state("connecting")
    socket.onopen = () => {
      this.tries = 0
      this.heard = true
      this.options.state("catching_up")
      for (const subscription of this.subscriptions.values()) this.send(subscription)
      if (this.shown) this.write({ id: this.nextId++, op: "visible", ...this.shown })
      if (this.pending.size === 0) this.options.state("live")
      this.pinger = setInterval(() => this.ping(), PING_MS)
    }
    socket.onmessage = (message: MessageEvent<unknown>) => {
      this.heard = true
      if (typeof message.data === "string") this.text(message.data)
      else if (message.data instanceof ArrayBuffer) this.binary(message.data)
    }
    socket.onclose = (event: CloseEvent) => {
      if (this.socket !== socket) return
      this.drop()
      this.closed(event.code)
    }
  }

  private closed(code: number): void {
    if (!this.wanted) return
    if (code === 4401) {
      this.wanted = false
      this.options.signedOut()
      return
    }
    if (code === 4403 || code === 4409) {
      this.wanted = false
      this.options.state("refused")
      return
    }
    this.options.state("offline")
    this.retry = setTimeout(() => this.connect(), backoff(this.tries, (this.options.random ?? Math.random)()))
    this.tries += 1
  }

  private drop(): void {
    clearInterval(this.pinger)
    this.pending.clear()
    this.asked.clear()
    this.channels.clear()
    const socket = this.socket
    this.socket = undefined
    if (!socket) return
    for (const subscription of this.subscriptions.values()) {
      subscription.channel = undefined
      subscription.listener.lost?.()
    }
    socket.onopen = socket.onmessage = socket.onclose = null
    if (socket.readyState < 2) socket.close()
  }

  private ping(): void {
    if (!this.heard) {
      // Nothing since the last ping, not even its pong: the line is dead though nobody said so.
      this.drop()
      this.closed(1006)
      return
    }
    this.heard = false
    this.write({ id: this.nextId++, op: "ping" })
  }

  private send(subscription: Subscription): void {
    const id = this.nextId++
    this.pending.set(id, subscription.topic)
    const from = subscription.listener.from?.()
    this.write({
      id,
      op: "sub",
      topic: subscription.topic,
      ...(subscription.after === undefined ? {} : { after: subscription.after }),
      ...(from === undefined ? {} : { from }),
    })
  }

  private write(frame: object): void {
    this.socket?.send(JSON.stringify(frame))
  }

  private text(data: string): void {
    const frame = parse(data)
    if (!frame) return
    if (typeof frame["id"] === "number" && ("ok" in frame || "error" in frame)) this.answered(frame)
    else if ("error" in frame && typeof frame["topic"] === "string") this.subscriptions.get(frame["topic"])?.listener.refused?.(frame["error"] as Problem)
    else if (typeof frame["ev"] === "string" && typeof frame["topic"] === "string") this.event(frame)
  }

  private answered(frame: Record<string, unknown>): void {
    const id = frame["id"] as number
    const topic = this.pending.get(id)
    if (topic === undefined) {
      const about = this.subscriptions.get(this.asked.get(id) ?? "")
      this.asked.delete(id)
      if (frame["ok"] !== true) about?.listener.refused?.(frame["error"] as Problem)
      return
    }
    this.pending.delete(id)
    const subscription = this.subscriptions.get(topic)
    if (subscription && frame["ok"] !== true) subscription.listener.refused?.(frame["error"] as Problem)
    if (subscription && frame["ok"] === true) {
      if (typeof frame["channel"] === "number") {
        if (subscription.channel !== undefined) this.channels.delete(subscription.channel)
        subscription.channel = frame["channel"]
        subscription.keys = 0
        this.channels.set(frame["channel"], subscription)
      }
      subscription.listener.ready?.()
      if (topic === "events" && subscription.after === undefined) {
        // First subscription: what was fetched before it may already be stale.
        if (typeof frame["eid"] === "number") subscription.after = frame["eid"]
        this.options.missed()
      }
    }
    if (this.pending.size === 0) this.options.state("live")
  }

  private event(frame: Record<string, unknown>): void {
    const subscription = this.subscriptions.get(frame["topic"] as string)
    if (!subscription) return
    const kind = frame["ev"]
    if (kind === "gap" && subscription.topic === "events") {
      if (typeof frame["to"] === "number") subscription.after = frame["to"]
      this.options.missed()
    } else if (kind === "screen") {
      const { size, stretches } = frame as unknown as Pick<ScreenDump, "size"> & Partial<Pick<ScreenDump, "stretches">>
      subscription.screen = { size, stretches: stretches ?? [] }
    } else if (kind === "terminal.viewers") {
      this.options.viewers?.(subscription.topic.slice("terminal.".length), (frame as unknown as TerminalViewersFrame).viewers)
    } else if (TOPIC_FRAMES.has(kind as string)) {
      if (kind === "terminal.status") this.options.status?.(subscription.topic.slice("terminal.".length), frame["status"] as TerminalStatus)
      subscription.listener.frame?.(frame as unknown as TopicFrame)
    } else if (typeof frame["eid"] === "number") {
      if (subscription.after !== undefined && frame["eid"] <= subscription.after) return
      const tell = subscription.topic === "events" ? this.options.fact : subscription.listener.fact
      if (tell) subscription.after = frame["eid"]
      tell?.({ ...(frame["data"] as Fact), eid: frame["eid"], type: kind as Fact["type"] })
    }
  }

  private binary(data: ArrayBuffer): void {
    if (data.byteLength < HEADER) return
    const view = new DataView(data)
    const subscription = this.channels.get(view.getUint32(1))
    if (!subscription) return
    const offset = Number(view.getBigUint64(5))
    const bytes = new Uint8Array(data, HEADER)
    const kind = view.getUint8(0)
    if (kind === OUTPUT) subscription.listener.bytes?.(offset, bytes)
    else if (kind === SCREEN && subscription.screen) {
      subscription.listener.screen?.({ offset, bytes, ...subscription.screen })
      subscription.screen = undefined
    }
  }
}

function parse(data: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data)
    return value !== null && typeof value === "object" ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
