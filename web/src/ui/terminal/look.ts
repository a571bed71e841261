// How terminals look in this browser: the size of their letters, and whether a screen reader follows.
import { create } from "zustand"
import type { Look } from "./screen"

const KEPT = "metatron.terminal"
const SMALLEST = 8
const LARGEST = 32

const isLook = (value: unknown): value is Look =>
  value !== null && typeof value === "object" && Number.isInteger((value as Look).fontSize) && typeof (value as Look).isReader === "boolean"

function kept(): Look {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "null")
    if (isLook(value)) return { ...value, fontSize: clamp(value.fontSize) }
  } catch {
    // Nothing usable is kept: as new.
  }
  return { fontSize: matchMedia("(max-width:719px)").matches ? 12 : 14, isReader: false }
}

const clamp = (size: number) => Math.min(LARGEST, Math.max(SMALLEST, Math.round(size)))

export const useLook = create<Look>(() => kept())

export function setLook(change: Partial<Look>): void {
  useLook.setState((old) => ({ ...old, ...change, fontSize: clamp(change.fontSize ?? old.fontSize) }))
  try {
    localStorage.setItem(KEPT, JSON.stringify(useLook.getState()))
  } catch {
    // Not kept: the next visit starts as new.
  }
}
