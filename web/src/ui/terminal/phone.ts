// Keyboards of phones write, delete and break lines without pressing a key. xterm.js sees nothing of it where a screen
// reader follows or its field is empty; what is being composed it sees to itself.

/** The keys that do the same; undefined where xterm.js sees to it. */
export function keysOf(kind: string, data: string | null): string | undefined {
  switch (kind) {
    case "insertText":
      return data ?? undefined
    case "deleteContentBackward":
      return "\u007f"
    case "deleteWordBackward":
      return "\u0017"
    case "insertLineBreak":
    case "insertParagraph":
      return "\r"
    default:
      return undefined
  }
}

/** The code of a key that only says that there was one. */
const UNKNOWN = 229

/** Listens to a terminal's field, for as long as that lives. What it returns is to be called whenever xterm.js has sent something. */
export function onPhoneKey(field: HTMLElement, press: (keys: string) => void): () => void {
  // A real key was pressed, and xterm.js has sent it.
  let isPressed = false
  // Something was composed a moment ago: xterm.js sends it in a moment, with what is written behind it.
  let isSending = false
  field.addEventListener(
    "keydown",
    (event) => {
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else tells such a key from others
      isPressed = event.keyCode !== UNKNOWN
    },
    { capture: true },
  )
  field.addEventListener("keyup", () => (isPressed = false), { capture: true })
  field.addEventListener("compositionend", () => {
    isSending = true
    // Where there is nothing to send. Keys may come between its timer and this one: those are ours already.
    setTimeout(() => (isSending = false))
  })
  field.addEventListener("beforeinput", (event) => {
    if (event.isComposing || isPressed || isSending) return
    const keys = keysOf(event.inputType, event.data)
    if (keys === undefined) return
    // Then nothing changes in the field, and xterm.js finds nothing to send a second time.
    event.preventDefault()
    press(keys)
  })
  return () => (isSending = false)
}
