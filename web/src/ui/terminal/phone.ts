// Keyboards of phones delete and break lines without pressing a key: xterm.js sees nothing of it while its field is empty.

/** The key that does the same; undefined where xterm.js sees to it. */
export function keyOf(kind: string): string | undefined {
  switch (kind) {
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

/** Listens to a terminal's field until the returned function is called. What is being composed is not touched. */
export function onPhoneKey(field: HTMLElement, press: (key: string) => void): () => void {
  const hear = (event: InputEvent) => {
    const key = event.isComposing ? undefined : keyOf(event.inputType)
    if (key === undefined) return
    // Then nothing changes in the field, and xterm.js finds nothing to press a second time.
    event.preventDefault()
    press(key)
  }
  field.addEventListener("beforeinput", hear)
  return () => field.removeEventListener("beforeinput", hear)
}
