// A terminal's screen, as it comes over the link.
import type { TerminalSize } from "./model"

/** A screen as it is at one moment: what a terminal of that size, just reset, is fed to show the same. */
export interface ScreenDump {
  offset: number
  size: TerminalSize
  bytes: Uint8Array
  /** Who had the keyboard when its rows were written, from the top down. */
  stretches: readonly Stretch[]
}

/** Rows of a screen, from this one down to the next stretch. */
export interface Stretch {
  row: number
  by: "owner" | "ai"
}
