// The terminal beside the conversation: whether it is open, how wide, and which one it shows. Kept in this browser.
import { create } from "zustand"

const KEPT = "metatron.dock"
export const NARROWEST = 340
export const WIDEST = 1200

export interface Dock {
  isOpen: boolean
  /** Its width in CSS pixels, where it stands beside the conversation. */
  size: number
  /** The terminal it shows. */
  terminal: string | undefined
}

const clamp = (size: number) => Math.min(WIDEST, Math.max(NARROWEST, Math.round(size)))

/** What is kept, as far as it can be used. Where there is no room beside, it begins closed: it would hide the page. */
export function readDock(text: string | null, hasRoom: boolean): Dock {
  let kept: Partial<Record<keyof Dock, unknown>> = {}
  try {
    const value: unknown = JSON.parse(text ?? "null")
    if (value !== null && typeof value === "object") kept = value
  } catch {
    // Nothing usable is kept: as new.
  }
  return {
    isOpen: hasRoom && kept.isOpen === true,
    size: typeof kept.size === "number" && Number.isFinite(kept.size) ? clamp(kept.size) : 480,
    terminal: typeof kept.terminal === "string" ? kept.terminal : undefined,
  }
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEPT)
  } catch {
    return null
  }
}

export const useDock = create<Dock>(() => readDock(stored(), matchMedia("(min-width:1024px)").matches))

export function setDock(change: Partial<Dock>): void {
  useDock.setState((old) => ({ ...old, ...change, size: clamp(change.size ?? old.size) }))
  try {
    localStorage.setItem(KEPT, JSON.stringify(useDock.getState()))
  } catch {
    // Not kept: the next visit starts as new.
  }
}
