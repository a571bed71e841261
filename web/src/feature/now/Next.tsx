import { useQuery } from "@tanstack/react-query"
import { Link } from "react-router"
import { asProblem } from "../../api/client"
import type { Task } from "../../api/model"
import { plannedQuery } from "../../api/task"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { firstLine } from "../../ui/excerpt"
import { Loading } from "../../ui/Loading"
import { distance } from "../../ui/moment"
import { ProblemNote } from "../../ui/Problem"

const SHOWN = 3
const DAY = 86_400_000

/** What begins by itself soonest. */
export function Next({ now }: { now: number }) {
  const text = useText()
  const planned = useQuery(plannedQuery)
  return (
    <section id="next" aria-labelledby="hn">
      <h2 id="hn">
        {text.task.next}
        <span className="meta">
          <Link className="link" to={paths.schedule}>
            {text.task.title}
          </Link>
        </span>
      </h2>
      <ProblemNote problem={planned.error && !planned.data ? asProblem(planned.error) : null} />
      {planned.isPending ? <Loading /> : null}
      {planned.data?.length === 0 ? <p className="meta empty">{text.task.noneNext}</p> : null}
      {planned.data?.slice(0, SHOWN).map((task) => (
        <Row key={task.id} task={task} now={now} />
      ))}
    </section>
  )
}

function Row({ task, now }: { task: Task; now: number }) {
  const text = useText()
  const format = useFormat()
  const key = format.dayKey(task.at)
  const day = key === format.dayKey(now) ? undefined : key === format.dayKey(now + DAY) ? text.task.tomorrow : format.day(task.at)
  const left = distance(Date.parse(task.at), now)
  return (
    <div className="row">
      <time dateTime={task.at}>{format.time(task.at)}</time>
      <div className="rail" data-by="sched">
        <Link to={paths.chat(task.chat_id)} className="name ell">
          {firstLine(task.text)}
        </Link>
        <span className="meta">
          {day === undefined ? null : <>{day} · </>}
          <span title={text.rule.mode.says[task.mode]}>{text.rule.mode.name[task.mode]}</span>
        </span>
      </div>
      <span className="v muted">{left ? text.task.in(left.n, left.unit) : text.task.soon}</span>
    </div>
  )
}
