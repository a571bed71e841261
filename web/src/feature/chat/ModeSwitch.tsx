import { useEffect, useRef, useState } from "react"
import { asProblem } from "../../api/client"
import type { Chat, Mode } from "../../api/model"
import { wantsReauth } from "../../api/query"
import { useSetMode } from "../../api/rule"
import { useText } from "../../i18n"
import { clockText, useNow } from "../../ui/countdown"
import { Icon } from "../../ui/Icon"
import { ProblemNote } from "../../ui/Problem"
import { Reauth } from "../../ui/Reauth"
import { Select } from "../../ui/Select"

const MODES: readonly Mode[] = ["plan", "ask", "auto", "full"]
const MINUTES = [15, 30, 60, 120, 240, 480]

/** The mode that counts now, and the seconds it has left. */
export function useMode(chat: Chat): { mode: Mode; left: number | undefined } {
  const timed = chat.mode_until !== null && chat.mode_until !== undefined
  const now = useNow(timed)
  if (!timed) return { mode: chat.mode, left: undefined }
  const left = Math.ceil((Date.parse(chat.mode_until as string) - now) / 1000)
  return left > 0 ? { mode: chat.mode, left } : { mode: "ask", left: undefined }
}

/** How much is asked in this chat: shown always, changed here. */
export function ModeSwitch({ chat }: { chat: Chat }) {
  const text = useText()
  const { mode, left } = useMode(chat)
  const [open, setOpen] = useState(false)
  const name = text.rule.mode.name[mode]
  return (
    <>
      <button type="button" className="btn sm mode" data-mode={mode} aria-haspopup="dialog" aria-label={text.rule.mode.label(left === undefined ? name : `${name} ${clockText(left)}`)} title={text.rule.mode.says[mode]} onClick={() => setOpen(true)}>
        {name}{" "}
        {left === undefined ? null : <bdi className="m">{clockText(left)}</bdi>}
      </button>
      {open ? <Sheet chat={chat} now={mode} onClose={() => setOpen(false)} /> : null}
    </>
  )
}

function Sheet({ chat, now, onClose }: { chat: Chat; now: Mode; onClose: () => void }) {
  const text = useText()
  const sheet = useRef<HTMLDialogElement>(null)
  const [mode, setMode] = useState(now)
  const [minutes, setMinutes] = useState("60")
  const set = useSetMode(chat.id, onClose)
  useEffect(() => {
    const it = sheet.current
    it?.showModal()
    return () => it?.close()
  }, [])
  const problem = set.error ? asProblem(set.error) : null
  const send = () => set.mutate(mode === "full" ? { mode, minutes: Number(minutes) } : { mode })
  return (
    <dialog
      ref={sheet}
      className="sheet plain"
      aria-labelledby="mode-title"
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <header>
        <h1 id="mode-title">{text.rule.mode.title}</h1>
        <button type="button" className="later end" aria-label={text.common.close} onClick={onClose}>
          <Icon name="x" />
        </button>
      </header>
      <div className="sheet-body">
        {problem && wantsReauth(problem) ? (
          <Reauth lead={text.rule.mode.reauthLead} onDone={send} onBack={set.reset} />
        ) : (
          <form
            className="modes"
            onSubmit={(event) => {
              event.preventDefault()
              send()
            }}
          >
            <fieldset>
              <legend className="vh">{text.rule.mode.title}</legend>
              {MODES.map((it) => (
                <label key={it} className="check">
                  <input type="radio" name="mode" value={it} checked={mode === it} onChange={() => setMode(it)} />
                  <span>
                    <b>{text.rule.mode.name[it]}</b> <span className="meta">{text.rule.mode.says[it]}</span>
                  </span>
                </label>
              ))}
            </fieldset>
            {mode === "full" ? (
              <Select label={text.rule.mode.time} value={minutes} onValue={setMinutes} options={MINUTES.map((n) => ({ value: String(n), label: text.rule.mode.minutes(n) }))} />
            ) : null}
            <p className="meta">{text.rule.mode.floor}</p>
            <ProblemNote problem={problem} />
            <div className="acts">
              <button type="submit" className="btn ink" disabled={set.isPending}>
                {text.rule.mode.set}
              </button>
              <button type="button" className="btn" onClick={onClose}>
                {text.common.cancel}
              </button>
            </div>
          </form>
        )}
      </div>
    </dialog>
  )
}
