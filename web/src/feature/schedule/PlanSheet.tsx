import { useId, useState } from "react"
import { Link } from "react-router"
import { serverNow } from "../../api/clock"
import { asProblem } from "../../api/client"
import type { PlannedMode, Task } from "../../api/model"
import { usePlan } from "../../api/task"
import { makeFormat, useLocale, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Modes } from "../../ui/Modes"
import { fieldOf, instantOf, tomorrowMorning } from "../../ui/moment"
import { ProblemNote } from "../../ui/Problem"
import { Select } from "../../ui/Select"
import { Sheet } from "../../ui/Sheet"
import { ownZone } from "../../ui/zone"

const MODES: readonly PlannedMode[] = ["plan", "ask", "auto"]
const GRACES = [15, 60, 720, 1440]
const LETTERS = 16_384

/** What to do, when, and how much of it is asked. */
export function PlanSheet({ onClose, onMade }: { onClose: () => void; onMade: (task: Task) => void }) {
  const text = useText()
  const say = text.task
  const id = useId()
  const [words, setWords] = useState("")
  const [isNow, setIsNow] = useState(false)
  const [opened] = useState(serverNow)
  const [field, setField] = useState(() => fieldOf(tomorrowMorning(opened)))
  const [mode, setMode] = useState<PlannedMode>("ask")
  const [grace, setGrace] = useState("60")
  const plan = usePlan(onMade)
  const at = instantOf(field)
  return (
    <Sheet title={say.plan} onClose={onClose}>
      <form
        className="modes"
        onSubmit={(event) => {
          event.preventDefault()
          const begins = isNow || at === undefined ? {} : { at: new Date(at).toISOString() }
          plan.mutate({ text: words.trim(), ...begins, mode, grace_min: Number(grace) })
        }}
      >
        <div className="fieldset">
          <label htmlFor={`${id}what`}>{say.what}</label>
          <textarea id={`${id}what`} className="field area" dir={words ? "auto" : undefined} rows={4} required maxLength={LETTERS} value={words} onChange={(event) => setWords(event.target.value)} />
        </div>
        <fieldset>
          <legend>{say.when}</legend>
          <label className="check">
            <input type="radio" name="when" checked={isNow} onChange={() => setIsNow(true)} />
            <span>{say.now}</span>
          </label>
          <label className="check">
            <input type="radio" name="when" checked={!isNow} onChange={() => setIsNow(false)} />
            <span>{say.later}</span>
          </label>
          {isNow ? null : (
            <div className="moment">
              <label className="vh" htmlFor={`${id}at`}>
                {say.at}
              </label>
              <input id={`${id}at`} className="field" type="datetime-local" required min={fieldOf(opened)} aria-describedby={`${id}zone ${id}words`} value={field} onChange={(event) => setField(event.target.value)} />
              <span className="meta" id={`${id}zone`}>
                {say.zone(ownZone())}
              </span>
            </div>
          )}
          <p className="meta" id={`${id}words`} role="status">
            {isNow ? say.beginsNow : at === undefined ? null : <Words at={at} />}
          </p>
        </fieldset>
        <Modes modes={MODES} value={mode} onValue={setMode} title={say.mode} seen />
        <p className="meta">{say.noFull}</p>
        <Select label={say.grace} value={grace} onValue={setGrace} options={GRACES.map((n) => ({ value: String(n), label: say.graces(n) }))} />
        <p className="meta">
          {say.graceMissed} {say.unreached}{" "}
          <Link className="link" to={paths.settingsNotifications}>
            {say.devices}
          </Link>
        </p>
        <ProblemNote problem={plan.error ? asProblem(plan.error) : null} />
        <div className="acts">
          <button type="submit" className="btn ink" disabled={plan.isPending || words.trim() === ""}>
            {say.make}
          </button>
          <button type="button" className="btn" onClick={onClose}>
            {text.common.cancel}
          </button>
        </div>
      </form>
    </Sheet>
  )
}

/** The instant as it will be, on this browser's clock and on that of the settings. */
function Words({ at }: { at: number }) {
  const say = useText().task
  const { language, timezone } = useLocale()
  const here = makeFormat(language, ownZone()).full(at)
  const there = makeFormat(language, timezone).full(at)
  return (
    <>
      {say.begins(here)}.{there === here || timezone === undefined ? null : <> {say.elsewhere(there, timezone)}</>}
    </>
  )
}
