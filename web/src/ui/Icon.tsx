type Name = "now" | "chat" | "find" | "plus" | "send" | "x" | "gear" | "stop" | "back" | "down" | "pen" | "bin" | "check" | "term" | "key" | "more" | "cal"

/** A drawn sign; always beside a word or inside something that has a name. */
export const Icon = ({ name, size = 20 }: { name: Name; size?: 12 | 16 | 20 }) => (
  <span aria-hidden="true" className={`i i-${name}${size === 20 ? "" : ` i${size}`}`} />
)
