import { useState } from "react"
import type { Task } from "../../api/model"
import { useFormat, useText } from "../../i18n"
import { Icon } from "../../ui/Icon"
import { useTitle } from "../../ui/title"
import { Past } from "./Past"
import { Planned } from "./Planned"
import { PlanSheet } from "./PlanSheet"

export default function SchedulePage() {
  const text = useText()
  const format = useFormat()
  const [planning, setPlanning] = useState(false)
  const [made, setMade] = useState<Task>()
  useTitle(text.task.title)
  const plan = () => {
    setMade(undefined)
    setPlanning(true)
  }
  return (
    <main id="content" className="app">
      <div className="page narrow">
        <header className="head">
          <h1>{text.task.title}</h1>
          <button type="button" className="btn sm end" aria-haspopup="dialog" onClick={plan}>
            <Icon name="plus" size={16} />
            {text.task.plan}
          </button>
        </header>
        <p className="meta under">{text.task.lead}</p>
        <p className="meta" role="status">
          {made ? (made.state === "planned" ? text.task.made(format.full(made.at)) : text.task.madeNow) : null}
        </p>
        <Planned onPlan={plan} />
        <Past />
      </div>
      {planning ? (
        <PlanSheet
          onClose={() => setPlanning(false)}
          onMade={(task) => {
            setMade(task)
            setPlanning(false)
          }}
        />
      ) : null}
    </main>
  )
}
