// Terminal bytes as plain lines: escape codes removed, carriage returns and backspaces obeyed, the rest made visible.

const ESCAPES = new RegExp(
  [
    "\\u001b\\[[0-?]*[ -/]*[@-~]", // CSI
    "\\u001b[\\]PX^_][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\|$)", // OSC, DCS, SOS, PM, APC
    "\\u001b(?:[ -/]+[0-~]|[0-OQ-WYZ\\\\`-~])", // the short ones
    "\\u009b[0-?]*[ -/]*[@-~]",
    "\\u001b(?:\\[[0-?]*)?[ -/]*$", // one that is still being written
  ].join("|"),
  "gu",
)
// eslint-disable-next-line no-control-regex -- these are the very characters that must not reach the page
const CONTROL = /[\u0000-\u0007\u000b\u000c\u000e-\u001f\u007f-\u009f]/gu
const BIDI = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu

/** The last `limit` lines of what a terminal would show, without colours. */
export function plainLines(bytes: Uint8Array, limit: number): { lines: string[]; cut: number } {
  const text = new TextDecoder().decode(bytes)
  const raw = text.replaceAll("\r\n", "\n").split("\n")
  const cut = Math.max(0, raw.length - limit)
  const lines = raw.slice(cut).map(plainLine)
  if (lines.length > 1 && lines.at(-1) === "") lines.pop()
  return { lines, cut }
}

export function plainLine(raw: string): string {
  const line = raw.replace(ESCAPES, "").replace(CONTROL, (c) => String.fromCodePoint(0x2400 + Math.min(c.charCodeAt(0), 0x20))).replace(BIDI, "\ufffd")
  if (!line.includes("\r") && !line.includes("\b")) return line
  const cells: string[] = []
  let at = 0
  for (const letter of line) {
    if (letter === "\r") at = 0
    else if (letter === "\b") at = Math.max(0, at - 1)
    else cells[at++] = letter
  }
  return cells.join("")
}
