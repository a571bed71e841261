import { useQuery } from "@tanstack/react-query"
import { useEffect, useId, useRef } from "react"
import { Link } from "react-router"
import type { ApiProblem } from "../../api/client"
import { providersQuery } from "../../api/query"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Icon } from "../../ui/Icon"
import { ProblemNote } from "../../ui/Problem"

interface Props {
  draft: string
  onDraft: (text: string) => void
  onSend: () => void
  busy: boolean
  problem: ApiProblem | null
  cost?: number | undefined
}

/** Where the owner writes. Enter sends, Shift+Enter starts a new line; while a word is being composed neither. */
export function Composer({ draft, onDraft, onSend, busy, problem, cost }: Props) {
  const text = useText()
  const format = useFormat()
  const id = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  const model = useQuery(providersQuery).data?.find((it) => it.is_default)
  const ready = draft.trim() !== "" && !busy
  useEffect(() => {
    const it = area.current
    if (!it) return
    it.style.blockSize = "auto"
    it.style.blockSize = `${Math.min(it.scrollHeight, 200)}px`
  }, [draft])
  const send = () => {
    if (ready) onSend()
  }
  return (
    <div className="dock-cmp">
      <ProblemNote problem={problem} />
      <form
        className="cmp"
        aria-label={text.chat.composer}
        onSubmit={(event) => {
          event.preventDefault()
          send()
        }}
      >
        <label className="vh" htmlFor={id}>
          {text.chat.composer}
        </label>
        <textarea
          id={id}
          ref={area}
          rows={1}
          dir={draft ? "auto" : undefined}
          placeholder={text.chat.placeholder}
          value={draft}
          onChange={(event) => onDraft(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return
            event.preventDefault()
            send()
          }}
        />
        <div className="bar">
          {model ? (
            <Link className="pick" to={paths.settingsModels}>
              {model.kind === "demo" ? <span>{text.model.demoName}</span> : <bdi className="m">{model.model}</bdi>}
            </Link>
          ) : null}
          <span className="end" />
          {cost !== undefined && cost > 0 ? <bdi className="meta">{format.money(cost)}</bdi> : null}
          <button type="submit" className="btn ink send" aria-label={text.chat.send} disabled={!ready}>
            <Icon name="send" />
          </button>
        </div>
      </form>
    </div>
  )
}
