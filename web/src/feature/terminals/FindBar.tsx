import { useQuery } from "@tanstack/react-query"
import { type RefObject, useState } from "react"
import { asProblem } from "../../api/client"
import { useFormat, useText } from "../../i18n"
import { Icon } from "../../ui/Icon"
import { ProblemNote } from "../../ui/Problem"
import type { Handle } from "../../ui/terminal/View"
import { searchQuery } from "./api"

interface Props {
  id: string
  view: RefObject<Handle | null>
  found: { at: number; of: number }
  onClose: () => void
}

/** Finds words in what is shown, and in all that was ever shown. */
export function FindBar({ id, view, found, onClose }: Props) {
  const text = useText()
  const format = useFormat()
  const [words, setWords] = useState("")
  const [wanted, setWanted] = useState("")
  const all = useQuery(searchQuery(id, wanted))
  const close = () => {
    view.current?.find("", false)
    onClose()
  }
  return (
    <search className="findbar">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          view.current?.find(words, true)
        }}
      >
        {/* eslint-disable-next-line jsx-a11y/no-autofocus -- the owner has just asked for this field */}
        <input className="field" type="search" dir="ltr" autoFocus aria-label={text.terminal.find} placeholder={text.terminal.find} value={words} onKeyDown={(event) => event.key === "Escape" && close()} onChange={(event) => {
            setWords(event.target.value)
            setWanted("")
            view.current?.find(event.target.value, false)
          }} />
        <span className="meta nowrap" role="status">
          {words === "" ? "" : found.of > 0 ? <bdi>{text.terminal.match(Math.max(1, found.at), found.of)}</bdi> : text.terminal.noMatch}
        </span>
        <button type="submit" className="btn sm">
          {text.terminal.earlier}
        </button>
        <button type="button" className="btn sm" onClick={() => view.current?.find(words, false)}>
          {text.terminal.later}
        </button>
        <button type="button" className="btn sm" disabled={words.trim() === ""} onClick={() => setWanted(words.trim())}>
          {text.terminal.findAll}
        </button>
        <button type="button" className="later" aria-label={text.common.close} onClick={close}>
          <Icon name="x" size={16} />
        </button>
      </form>
      {wanted === "" ? null : (
        <div className="found">
          <ProblemNote problem={all.error ? asProblem(all.error) : null} />
          {all.data ? <p className="meta">{all.data.lines.length === 0 ? text.terminal.nowhere : text.terminal.everywhere(all.data.lines.length, all.data.more)}</p> : null}
          <ol dir="ltr">
            {all.data?.lines.map((line) => (
              <li key={line.line}>
                <span className="m muted">{format.number(line.line + 1)}</span> <code>{line.text}</code>
              </li>
            ))}
          </ol>
        </div>
      )}
    </search>
  )
}
