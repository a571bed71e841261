import { useState } from "react"
import { asProblem } from "../../api/client"
import type { Chat, Mode } from "../../api/model"
import { wantsReauth } from "../../api/query"
import { useSetMode } from "../../api/rule"
import { useText } from "../../i18n"
import { clockText, useNow } from "../../ui/countdown"
import { modeOf } from "../../ui/mode"
import { Modes } from "../../ui/Modes"
import { ProblemNote } from "../../ui/Problem"
import { Reauth } from "../../ui/Reauth"
import { Select } from "../../ui/Select"
import { Sheet } from "../../ui/Sheet"

const MODES: readonly Mode[] = ["plan", "ask", "auto", "full"]
const MINUTES = [15, 30, 60, 120, 240, 480]

/** How much is asked in this chat: shown always, changed here. */
export function ModeSwitch({ chat }: { chat: Chat }) {
  const text = useText()
  const { mode, left } = modeOf(chat, useNow(Boolean(chat.mode_until)))
  const [open, setOpen] = useState(false)
  const name = text.rule.mode.name[mode]
  return (
    <>
      <button type="button" className="btn sm mode" data-mode={mode} aria-haspopup="dialog" aria-label={text.rule.mode.label(left === undefined ? name : `${name} ${clockText(left)}`)} title={text.rule.mode.says[mode]} onClick={() => setOpen(true)}>
        {name}{" "}
        {left === undefined ? null : <bdi className="m">{clockText(left)}</bdi>}
      </button>
      {open ? <Change chat={chat} now={mode} onClose={() => setOpen(false)} /> : null}
    </>
  )
}

function Change({ chat, now, onClose }: { chat: Chat; now: Mode; onClose: () => void }) {
  const text = useText()
  const [mode, setMode] = useState(now)
  const [minutes, setMinutes] = useState("60")
  const set = useSetMode(chat.id, onClose)
  const problem = set.error ? asProblem(set.error) : null
  const send = () => set.mutate(mode === "full" ? { mode, minutes: Number(minutes) } : { mode })
  return (
    <Sheet title={text.rule.mode.title} onClose={onClose}>
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
          <Modes modes={MODES} value={mode} onValue={setMode} title={text.rule.mode.title} />
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
    </Sheet>
  )
}
