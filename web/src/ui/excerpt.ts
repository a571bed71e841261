// The beginning of a longer text. What stands for the rest is always seen.

const LINES = 3
const LETTERS = 280
const signs = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** The first lines of a text, or all of it where that is no more; `cut` says that something follows. */
export function excerpt(text: string, lines = LINES, letters = LETTERS): { shown: string; cut: boolean } {
  const all = text.trim()
  const head = all.split(/\r?\n/u).slice(0, lines).join("\n").trimEnd()
  const whole = Array.from(signs.segment(head), ({ segment }) => segment)
  if (whole.length <= letters) return head.length === all.length ? { shown: all, cut: false } : { shown: `${head} …`, cut: true }
  const part = whole.slice(0, letters).join("")
  // At the end of a word, unless that would leave hardly anything.
  const end = part.search(/\s\S*$/u)
  return { shown: `${(end > part.length / 2 ? part.slice(0, end) : part).trimEnd()} …`, cut: true }
}

/** What a text is called where there is room for one line. */
export const firstLine = (text: string): string => excerpt(text, 1, 120).shown
