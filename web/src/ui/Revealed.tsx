import { reveal } from "./reveal"

/** Machine text in which every character that can't be seen is spelled out. */
export const Revealed = ({ text }: { text: string }) =>
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

/** A path, host, user or another name that a program gave: one that hides something shows it, and keeps its own direction. */
export const Machine = ({ text }: { text: string }) => (
  <bdi className="m">
    <Revealed text={text} />
  </bdi>
)
