// The bytes of keys that a phone does not have.

export type Arrow = "up" | "down" | "left" | "right"
const LETTER: Record<Arrow, string> = { up: "A", down: "B", right: "C", left: "D" }
const ESC = "\u001b"

/** An arrow, as the program asked for it. */
export const arrow = (way: Arrow, isApplication: boolean, isCtrl: boolean): string =>
  isCtrl ? `${ESC}[1;5${LETTER[way]}` : `${ESC}${isApplication ? "O" : "["}${LETTER[way]}`

/** What Ctrl makes of a typed letter; anything else stays as it is. */
export function ctrl(text: string): string {
  if (text === " ") return "\u0000"
  if (text === "?") return "\u007f"
  const code = text.toUpperCase().charCodeAt(0)
  return text.length === 1 && code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : text
}
