// One xterm.js in the page: what it shows, and where in the terminal's bytes it stands. Knows no network.
import { FitAddon } from "@xterm/addon-fit"
import { SearchAddon } from "@xterm/addon-search"
import { Unicode11Addon } from "@xterm/addon-unicode11"
import { WebLinksAddon } from "@xterm/addon-web-links"
import { Terminal } from "@xterm/xterm"
import type { TerminalSize } from "../../api/model"
import type { ScreenDump } from "../../api/screen"
import type { By } from "../actor"
import { accelerate } from "./draw"
import { follow, GUARDED, guard, harmless, isMouse } from "./guard"
import { arrow, type Arrow, ctrl } from "./keys"
import { colourOf, onTheme, paletteOf } from "./palette"
import { onPhoneKey } from "./phone"
import { Rail } from "./rail"
import { keepInSight } from "./sight"
import { admitStyles } from "./styles"

/** Bytes that may wait to be drawn. Beyond, what is missed is shown as one new screen. */
const MOST_WAITING = 2 * 1024 * 1024
/** Leaves whatever was cut off, then starts over. */
const RESET = "\u0018\u001bc"
const ESC = "\u001b"

const encoder = new TextEncoder()
/** With Ctrl. (Ctrl and _ is a key of programs, and stays theirs.) */
const ZOOM: Partial<Record<string, -1 | 0 | 1>> = { "+": 1, "=": 1, "-": -1, "0": 0 }
const contrastOf = ({ palette }: Look): number => (palette === "plain" ? 7 : 4.5)

export interface Hear {
  /** The owner pressed these. */
  keys: (bytes: Uint8Array) => void
  /** What is shown can't go on: ask for a new screen. */
  again: () => void
  /** The owner wants out of the terminal, with the keyboard alone. */
  leave: () => void
  /** Larger letters (1), smaller ones (-1), or those of the beginning (0). */
  zoom: (way: -1 | 0 | 1) => void
  /** Ctrl was held for one key, and is let go. */
  released: () => void
  /** How many matches there are, and which is shown. */
  found?: (at: number, of: number) => void
}

export interface Look {
  fontSize: number
  isReader: boolean
  palette: "page" | "night" | "plain"
}

export class Screen {
  readonly terminal: Terminal
  /** The next byte that is missing; undefined when a whole screen is. */
  position: number | undefined
  /** Whether the owner holds the keyboard. Until then neither mouse nor focus are told to the program. */
  isDriving = false
  /** Whether Ctrl is held for the next key. */
  isCtrl = false
  private readonly fit = new FitAddon()
  private readonly search = new SearchAddon()
  private readonly rail: Rail
  private readonly offTheme: () => void
  private waiting = 0
  private behind = false

  constructor(
    private readonly host: HTMLElement,
    gutter: HTMLElement,
    look: Look,
    private readonly hear: Hear,
  ) {
    admitStyles(document)
    this.terminal = new Terminal({
      ...GUARDED,
      allowProposedApi: true,
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      fontFamily: getComputedStyle(host).fontFamily,
      fontSize: look.fontSize,
      lineHeight: 1.08,
      fontWeightBold: 600,
      minimumContrastRatio: contrastOf(look),
      scrollback: 5000,
      screenReaderMode: look.isReader,
      theme: paletteOf(host),
    })
    const { terminal } = this
    guard(terminal)
    terminal.loadAddon(this.fit)
    terminal.loadAddon(this.search)
    terminal.loadAddon(new Unicode11Addon())
    terminal.unicode.activeVersion = "11"
    terminal.loadAddon(new WebLinksAddon((_event, address) => follow(address), { urlRegex: /https:\/\/[^\s"'<>`|\\^{}]*[^\s"'<>`|\\^{}.,:;!?)\]]/ }))
    terminal.open(host)
    const sent = terminal.textarea && onPhoneKey(terminal.textarea, (key) => terminal.input(key))
    terminal.onData((data) => {
      sent?.()
      this.send(data)
    })
    terminal.onBinary((data) => this.isDriving && hear.keys(Uint8Array.from(data, (letter) => letter.charCodeAt(0))))
    terminal.attachCustomKeyEventHandler((event) => this.isKey(event))
    terminal.attachCustomWheelEventHandler(() => this.isDriving || terminal.buffer.active.type === "normal")
    this.search.onDidChangeResults(({ resultIndex, resultCount }) => hear.found?.(resultIndex + 1, resultCount))
    host.addEventListener("paste", this.paste, { capture: true })
    terminal.textarea?.addEventListener("focus", () => this.tellFocus("I"))
    terminal.textarea?.addEventListener("blur", () => this.tellFocus("O"))
    this.rail = new Rail(terminal, gutter)
    if (host.parentElement) keepInSight(terminal, host.parentElement)
    this.offTheme = onTheme(() => (terminal.options.theme = paletteOf(host)))
    void accelerate(terminal, host)
  }

  dispose(): void {
    this.offTheme()
    this.host.removeEventListener("paste", this.paste, { capture: true })
    this.terminal.dispose()
  }

  /** A whole screen takes the place of everything shown. */
  show({ offset, size, bytes, stretches }: ScreenDump): void {
    this.behind = false
    this.position = offset
    this.write(RESET)
    this.resize(size)
    this.write(bytes)
    this.terminal.write("", () => this.rail.restore(stretches))
  }

  /** More output. What is known is passed over; after a hole a new screen is asked for. */
  take(offset: number, bytes: Uint8Array): void {
    if (this.position === undefined || this.behind) return
    if (offset > this.position) return this.restart()
    const fresh = bytes.subarray(Math.min(this.position - offset, bytes.length))
    this.position += fresh.length
    if (this.waiting + fresh.length > MOST_WAITING) {
      // It prints faster than it can be drawn: what is left is drawn, and then the screen as it is by then.
      this.behind = true
      this.position = undefined
      return
    }
    this.write(fresh)
  }

  /** Another size, from this place of the output on. */
  resize({ columns, rows }: TerminalSize): void {
    this.terminal.write("", () => {
      if (this.terminal.cols !== columns || this.terminal.rows !== rows) this.terminal.resize(columns, rows)
    })
  }

  /** The size that fills the place it has; none while it is not shown. */
  fitting(): TerminalSize | undefined {
    const size = this.fit.proposeDimensions()
    // A place that is not shown has no size, which is told as a number that is none.
    if (!size || !Number.isFinite(size.cols) || !Number.isFinite(size.rows)) return undefined
    return { columns: Math.min(1000, Math.max(2, size.cols)), rows: Math.min(500, Math.max(1, size.rows)) }
  }

  /** Whose the keyboard is from here on. */
  drive(by: By): void {
    this.terminal.write("", () => this.rail.change(by))
  }

  look(look: Look): void {
    const { options } = this.terminal
    options.fontSize = look.fontSize
    options.screenReaderMode = look.isReader
    options.minimumContrastRatio = contrastOf(look)
    options.theme = paletteOf(this.host)
  }

  /** Presses a key that stands beside the terminal. */
  press(data: string): void {
    this.terminal.input(data)
  }

  arrow(way: Arrow): void {
    const data = arrow(way, this.terminal.modes.applicationCursorKeysMode, this.isCtrl)
    this.release()
    this.terminal.input(data)
  }

  /** Whether a program has the whole screen: then each letter is a key of its own. */
  get isAside(): boolean {
    return this.terminal.buffer.active.type === "alternate"
  }

  find(words: string, isBack: boolean): void {
    const colour = colourOf(this.host, "found")
    const decorations = { matchOverviewRuler: colour, activeMatchColorOverviewRuler: colour, matchBorder: colour, activeMatchBackground: colour }
    if (words === "") return this.search.clearDecorations()
    const options = { decorations, incremental: !isBack }
    if (isBack) this.search.findPrevious(words, options)
    else this.search.findNext(words, options)
  }

  private restart(): void {
    this.position = undefined
    this.hear.again()
  }

  private write(data: string | Uint8Array): void {
    this.waiting += data.length
    this.terminal.write(data, () => {
      this.waiting -= data.length
      if (this.behind && this.waiting === 0) {
        this.behind = false
        this.hear.again()
      }
    })
  }

  private send(data: string): void {
    if (!this.isDriving && isMouse(data)) return
    const held = this.isCtrl && !isMouse(data)
    if (held) this.release()
    this.hear.keys(encoder.encode(held ? ctrl(data) : data))
  }

  private release(): void {
    if (!this.isCtrl) return
    this.isCtrl = false
    this.hear.released()
  }

  private tellFocus(way: "I" | "O"): void {
    if (this.isDriving && this.terminal.modes.sendFocusMode) this.hear.keys(encoder.encode(`${ESC}[${way}`))
  }

  private isKey(event: KeyboardEvent): boolean {
    if (event.type !== "keydown" || !event.ctrlKey || event.altKey || event.metaKey) return true
    const way = ZOOM[event.key]
    if (way !== undefined) {
      event.preventDefault()
      this.hear.zoom(way)
      return false
    }
    if (!event.shiftKey) return true
    switch (event.code) {
      case "KeyM":
        event.preventDefault()
        this.hear.leave()
        return false
      case "KeyC":
        event.preventDefault()
        if (this.terminal.hasSelection() && "clipboard" in navigator) void navigator.clipboard.writeText(this.terminal.getSelection()).catch(() => undefined)
        return false
      case "KeyV":
        return false
      default:
        return true
    }
  }

  private readonly paste = (event: ClipboardEvent) => {
    event.preventDefault()
    event.stopPropagation()
    this.terminal.paste(harmless(event.clipboardData?.getData("text/plain") ?? ""))
  }
}
