// Plays a recording in a terminal of its own. It takes no keys, and like the live one it answers to nothing.
import { Unicode11Addon } from "@xterm/addon-unicode11"
import { Terminal } from "@xterm/xterm"
import { type Cast, stepsBy } from "./cast"
import { accelerate } from "./draw"
import { GUARDED, guard } from "./guard"
import { onTheme, paletteOf } from "./palette"
import { keepInSight } from "./sight"
import { admitStyles } from "./styles"

export class Player {
  private readonly terminal: Terminal
  private readonly offTheme: () => void
  private done = 0

  constructor(
    host: HTMLElement,
    private readonly cast: Cast,
    look: { fontSize: number; isReader: boolean },
  ) {
    admitStyles(document)
    this.terminal = new Terminal({
      ...GUARDED,
      allowProposedApi: true,
      disableStdin: true,
      cursorInactiveStyle: "outline",
      cols: cast.size.columns,
      rows: cast.size.rows,
      fontFamily: getComputedStyle(host).fontFamily,
      fontSize: look.fontSize,
      lineHeight: 1.08,
      minimumContrastRatio: 4.5,
      screenReaderMode: look.isReader,
      theme: paletteOf(host),
    })
    guard(this.terminal)
    this.terminal.loadAddon(new Unicode11Addon())
    this.terminal.unicode.activeVersion = "11"
    this.terminal.open(host)
    if (host.parentElement) keepInSight(this.terminal, host.parentElement)
    void accelerate(this.terminal, host)
    this.offTheme = onTheme(() => (this.terminal.options.theme = paletteOf(host)))
  }

  /** Shows the moment `at`, in seconds. Back in time means from the beginning. */
  seek(at: number): void {
    const until = stepsBy(this.cast.steps, at)
    if (until < this.done) this.rewind()
    let text = ""
    for (const { what } of this.cast.steps.slice(this.done, until)) {
      if (typeof what === "string") {
        text += what
        continue
      }
      const { columns, rows } = what
      this.terminal.write(text, () => this.terminal.resize(columns, rows))
      text = ""
    }
    if (text !== "") this.terminal.write(text)
    this.done = until
  }

  dispose(): void {
    this.offTheme()
    this.terminal.dispose()
  }

  private rewind(): void {
    const { columns, rows } = this.cast.size
    this.done = 0
    this.terminal.write("\u0018\u001bc", () => this.terminal.resize(columns, rows))
  }
}
