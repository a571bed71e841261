import { useMemo } from "react"
import { mark, reveal } from "./reveal"

const Revealed = ({ text }: { text: string }) =>
  reveal(text).map((piece, at) => {
    const key = `${at}`
    switch (piece.kind) {
      case "hidden":
        return (
          <span key={key} className="hid" title={piece.label}>
            {piece.label}
          </span>
        )
      case "newline":
        return (
          <span key={key} className="ctl">
            ↵{"\n"}
          </span>
        )
      case "tab":
        return (
          <span key={key} className="ctl">
            ⇥{"\t"}
          </span>
        )
      default:
        return piece.text
    }
  })

/** A command, whole, left to right, with every character that can't be seen spelled out and its programs marked. */
export function Command({ text, programs = [] }: { text: string; programs?: readonly string[] }) {
  const words = useMemo(() => mark(text, programs), [text, programs])
  return (
    <pre className="cmd" dir="ltr">
      {words.map((word, at) => (
        <Word key={`${at}`} text={word.text} program={word.program} />
      ))}
    </pre>
  )
}

function Word({ text, program }: { text: string; program: boolean }) {
  if (program)
    return (
      <b className="p">
        <Revealed text={text} />
      </b>
    )
  return text.startsWith("-") && text.length < 24 ? (
    <span>
      <Revealed text={text} />
    </span>
  ) : (
    <Revealed text={text} />
  )
}

/** One line of a command for a row: still with nothing hidden in it. */
export const CommandLine = ({ text }: { text: string }) => (
  <code className="ell" dir="ltr" title={text}>
    <Revealed text={text} />
  </code>
)
