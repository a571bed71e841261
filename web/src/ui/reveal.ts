// What can't be seen in a command is shown as what it is: nothing may hide between two letters.

export type Piece = { kind: "seen"; text: string } | { kind: "hidden"; text: string; label: string } | { kind: "newline" } | { kind: "tab" }

// Controls, formats (zero width, bidi, tags), lone surrogates, private use, unassigned; every space but U+0020;
// line separators; and marks that draw nothing although they are letters or marks by category.
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}|\p{Default_Ignorable_Code_Point}|[\u2800\u{1D159}]/u

const NAMES: Record<number, string> = {
  0x00: "NUL", 0x07: "BEL", 0x08: "BS", 0x0d: "CR", 0x1b: "ESC", 0x7f: "DEL", 0xa0: "NBSP", 0xad: "SHY",
  0x200b: "ZWSP", 0x200c: "ZWNJ", 0x200d: "ZWJ", 0x200e: "LRM", 0x200f: "RLM", 0x202a: "LRE", 0x202b: "RLE",
  0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI",
  0x2069: "PDI", 0xfeff: "BOM",
}

const labelOf = (code: number): string => {
  const number = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`
  const name = NAMES[code]
  return name ? `${number} ${name}` : number
}

/** Splits text into what shows itself and what does not. Joining the texts gives the input back. */
export function reveal(text: string): Piece[] {
  const pieces: Piece[] = []
  let seen = ""
  const flush = () => {
    if (seen) pieces.push({ kind: "seen", text: seen })
    seen = ""
  }
  for (const letter of text) {
    if (letter === "\n" || letter === "\t") {
      flush()
      pieces.push({ kind: letter === "\n" ? "newline" : "tab" })
    } else if (HIDDEN.test(letter)) {
      flush()
      pieces.push({ kind: "hidden", text: letter, label: labelOf(letter.codePointAt(0) ?? 0) })
    } else {
      seen += letter
    }
  }
  flush()
  return pieces
}

/** How many characters of the text can't be seen; line ends and tabs are not counted. */
export const hiddenCount = (text: string): number => reveal(text).filter((piece) => piece.kind === "hidden").length

/** What a word of a command is: only what is not plain is marked. */
export type Kind = "program" | "path" | "url" | "option" | "plain"
export type Word = { text: string; kind: Kind }

/** What is known of a command beyond its letters. */
export interface Known {
  /** The words that name programs; while nobody knows them, whatever stands where a program does. */
  programs?: readonly string[]
  /** The paths that it touches, as they were resolved. */
  paths?: readonly string[]
}

const BREAK = /(\s+|\|\||&&|[|;&(){}<>])/
const ASSIGNMENT = /^[A-Za-z_]\w*=/
const URL_WORD = /^["']?[A-Za-z][A-Za-z0-9+.-]*:\/\//
const PATH_WORD = /\/|^["']?(?:~\w*|\.\.?)["']?$/
/** `--file=/etc/hosts` and `of=/dev/sda`: a name, and a value that is worth a mark of its own. */
const NAMED = /^(--?[\w-]+=|[A-Za-z_]\w*=)(.+)$/

/** Whether a word is one of the paths, or the end of one: `notes.txt` of `/work/notes.txt`. */
function names(word: string, paths: readonly string[]): boolean {
  const bare = word.replaceAll(/^["']|["']$/g, "").replace(/^\.\//, "")
  return bare !== "" && paths.some((path) => path === bare || path.endsWith(`/${bare}`))
}

/** Cuts a command at spaces and operators and marks what it runs and where it reaches. Joining the texts gives the input back. */
export function mark(command: string, { programs = [], paths = [] }: Known = {}): Word[] {
  const kindOf = (text: string): Kind => {
    if (URL_WORD.test(text)) return "url"
    if (names(text, paths) || PATH_WORD.test(text)) return "path"
    return text.startsWith("-") ? "option" : "plain"
  }
  let first = true
  return command
    .split(BREAK)
    .filter((text) => text !== "")
    .flatMap((text): Word[] => {
      if (BREAK.test(text)) {
        if (/[|;&(){}\n]/.test(text)) first = true
        return [{ text, kind: "plain" }]
      }
      const inPlace = first && !ASSIGNMENT.test(text)
      if (inPlace) first = false
      if (programs.includes(text) || (inPlace && programs.length === 0)) return [{ text, kind: "program" }]
      const [, name, value] = NAMED.exec(text) ?? []
      const kind = value === undefined ? "plain" : kindOf(value)
      if (name !== undefined && value !== undefined && (kind === "path" || kind === "url")) return [{ text: name, kind: name.startsWith("-") ? "option" : "plain" }, { text: value, kind }]
      return [{ text, kind: kindOf(text) }]
    })
}
