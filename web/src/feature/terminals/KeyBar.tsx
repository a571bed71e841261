import { type RefObject, useState } from "react"
import { useText } from "../../i18n"
import { Icon } from "../../ui/Icon"
import type { Arrow } from "../../ui/terminal/keys"
import type { Handle } from "../../ui/terminal/View"

interface Props {
  view: RefObject<Handle | null>
  isCtrl: boolean
  onCtrl: (isHeld: boolean) => void
}

const ARROWS: readonly [Arrow, string][] = [
  ["left", "←"],
  ["up", "↑"],
  ["down", "↓"],
  ["right", "→"],
]

/** The keys that a phone's keyboard does not have. Pressing one leaves that keyboard where it is. */
export function KeyBar({ view, isCtrl, onCtrl }: Props) {
  const text = useText()
  const key = (label: string, act: () => void, name?: string) => (
    <button key={label} type="button" aria-label={name} onPointerDown={(event) => event.preventDefault()} onClick={act}>
      {label}
    </button>
  )
  return (
    <div className="keys" role="group" aria-label={text.terminal.keys} dir="ltr">
      {key("Esc", () => view.current?.press("\u001b"))}
      {key("Tab", () => view.current?.press("\t"))}
      <button type="button" aria-pressed={isCtrl} onPointerDown={(event) => event.preventDefault()} onClick={() => onCtrl(!isCtrl)}>
        Ctrl
      </button>
      {ARROWS.map(([way, label]) => key(label, () => view.current?.arrow(way), text.terminal.arrow[way]))}
      {["|", "/", "~"].map((letter) => key(letter, () => view.current?.press(letter)))}
    </div>
  )
}

/** A line to send: an input like any other, because the keyboards of phones only get on with those. */
export function ComposeBar({ view, isCtrl }: Pick<Props, "view" | "isCtrl">) {
  const text = useText()
  const [line, setLine] = useState("")
  const [isComposing, setComposing] = useState(false)
  // A program with the whole screen wants single keys, and so does a held Ctrl.
  const change = (value: string, composing: boolean) => {
    if (value !== "" && !composing && (isCtrl || view.current?.isAside())) {
      view.current?.press(value)
      setLine("")
    } else setLine(value)
  }
  return (
    <form
      className="compose"
      onSubmit={(event) => {
        event.preventDefault()
        view.current?.press(`${line}\r`)
        setLine("")
      }}
    >
      <input
        className="field"
        dir="ltr"
        aria-label={text.terminal.line}
        placeholder={text.terminal.lineHint}
        autoCapitalize="none"
        autoComplete="off"
        autoCorrect="off"
        spellCheck={false}
        enterKeyHint="send"
        value={line}
        onChange={(event) => change(event.target.value, isComposing)}
        onCompositionStart={() => setComposing(true)}
        onCompositionEnd={(event) => {
          setComposing(false)
          change(event.currentTarget.value, false)
        }}
        onKeyDown={(event) => {
          if (event.key !== "Backspace" || line !== "") return
          event.preventDefault()
          view.current?.press("\u007f")
        }}
      />
      <button type="submit" className="btn ink send" aria-label={text.terminal.sendLine}>
        <Icon name="send" />
      </button>
    </form>
  )
}
