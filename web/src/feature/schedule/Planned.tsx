import { useQuery } from "@tanstack/react-query"
import { useRef } from "react"
import { Link } from "react-router"
import { asProblem } from "../../api/client"
import type { Task } from "../../api/model"
import { plannedQuery, useBegin, useTakeBack } from "../../api/task"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Confirm } from "../../ui/Confirm"
import { useNow } from "../../ui/countdown"
import { Loading } from "../../ui/Loading"
import { distance } from "../../ui/moment"
import { ProblemNote } from "../../ui/Problem"
import { TaskText } from "./TaskText"

/** What has not begun yet, the soonest first. */
export function Planned({ onPlan }: { onPlan: () => void }) {
  const text = useText()
  const planned = useQuery(plannedQuery)
  const title = useRef<HTMLHeadingElement>(null)
  return (
    <section aria-labelledby="planned">
      <h2 id="planned" tabIndex={-1} ref={title}>
        {text.task.planned}
      </h2>
      <ProblemNote problem={planned.error && !planned.data ? asProblem(planned.error) : null} />
      {planned.isPending ? <Loading /> : null}
      {planned.data?.length === 0 ? (
        <>
          <p className="empty">{text.task.none}</p>
          <div className="acts">
            <button type="button" className="btn" aria-haspopup="dialog" onClick={onPlan}>
              {text.task.plan}…
            </button>
          </div>
        </>
      ) : null}
      <ul>
        {planned.data?.map((task) => (
          <li key={task.id}>
            {/* The row goes from this list with its button: the keyboard stays at its head. */}
            <Row task={task} onGone={() => title.current?.focus()} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Row({ task, onGone }: { task: Task; onGone: () => void }) {
  const text = useText()
  const say = text.task
  const format = useFormat()
  const now = useNow()
  const begin = useBegin(onGone)
  const back = useTakeBack(onGone)
  const failed = begin.error ?? back.error
  const left = distance(Date.parse(task.at), now)
  return (
    <div className="row task">
      <time dateTime={task.at} className="wide-time">
        {format.short(task.at)}
      </time>
      <div className="rail" data-by="sched">
        <TaskText text={task.text} />
        <span className="meta">
          <span title={text.rule.mode.says[task.mode]}>{text.rule.mode.label(text.rule.mode.name[task.mode])}</span> ·{" "}
          <Link className="link" to={paths.chat(task.chat_id)}>
            {say.toChat}
          </Link>
        </span>
        <div className="acts">
          <button type="button" className="btn sm" disabled={begin.isPending || back.isPending} onClick={() => begin.mutate(task.id)}>
            {say.begin}
          </button>
          <Confirm label={say.takeBack} question={say.takeBackAsk} busy={back.isPending} onYes={() => back.mutate(task.id)} />
        </div>
        <ProblemNote problem={failed ? asProblem(failed) : null} />
      </div>
      <span className="v muted">{left ? say.in(left.n, left.unit) : say.soon}</span>
    </div>
  )
}
