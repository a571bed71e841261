// How terminals look in this browser: the size of their letters, their colours, and whether a screen reader follows.
import { create } from "zustand"
import type { Look } from "./screen"

const KEPT = "metatron.terminal"
const SMALLEST = 8
const LARGEST = 32

/** As the page is, dark on every page, or ink and paper with the colours of old. */
export const PALETTES = ["page", "night", "plain"] as const
export type Palette = (typeof PALETTES)[number]

export const isPalette = (text: unknown): text is Palette => PALETTES.some((it) => it === text)

const clamp = (size: number) => Math.min(LARGEST, Math.max(SMALLEST, Math.round(size)))
const usual = () => (matchMedia("(max-width:719px)").matches ? 12 : 14)

/** What is kept, as far as it can be used. */
export function readLook(text: string | null, fontSize: number): Look {
  let kept: Partial<Record<keyof Look, unknown>> = {}
  try {
    const value: unknown = JSON.parse(text ?? "null")
    if (value !== null && typeof value === "object") kept = value
  } catch {
    // Nothing usable is kept: as new.
  }
  return {
    fontSize: typeof kept.fontSize === "number" && Number.isFinite(kept.fontSize) ? clamp(kept.fontSize) : fontSize,
    isReader: kept.isReader === true,
    palette: isPalette(kept.palette) ? kept.palette : "page",
  }
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEPT)
  } catch {
    return null
  }
}

export const useLook = create<Look>(() => readLook(stored(), usual()))

export function setLook(change: Partial<Look>): void {
  useLook.setState((old) => ({ ...old, ...change, fontSize: clamp(change.fontSize ?? old.fontSize) }))
  try {
    localStorage.setItem(KEPT, JSON.stringify(useLook.getState()))
  } catch {
    // Not kept: the next visit starts as new.
  }
}

/** Larger (1) or smaller (-1) letters, or those of the beginning (0). */
export const zoom = (way: -1 | 0 | 1): void => setLook({ fontSize: way === 0 ? usual() : useLook.getState().fontSize + way })
