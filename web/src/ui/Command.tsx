import { useMemo } from "react"
import { type Known, mark, type Word } from "./reveal"
import { Revealed } from "./Revealed"

/** A command, whole, left to right, with every character that can't be seen spelled out; what it runs and where it reaches is marked. */
export function Command({ text, known }: { text: string; known?: Known }) {
  const words = useMemo(() => mark(text, known), [text, known])
  return (
    <pre className="cmd" dir="ltr">
      {words.map((word, at) => (
        <Marked key={`${at}`} {...word} />
      ))}
    </pre>
  )
}

/** Marked by weight and by line, never by colour alone. */
const MARKS = { program: "p", path: "f", url: "u" } as const
const SHORT = 24

function Marked({ text, kind }: Word) {
  const shown = <Revealed text={text} />
  switch (kind) {
    case "plain":
      return shown
    case "option":
      // A short one stays in one piece.
      return text.length < SHORT ? <span>{shown}</span> : shown
    default:
      return <b className={MARKS[kind]}>{shown}</b>
  }
}

/** One line of a command for a row: still with nothing hidden in it. */
export const CommandLine = ({ text }: { text: string }) => (
  <code className="ell" dir="ltr" title={text}>
    <Revealed text={text} />
  </code>
)
