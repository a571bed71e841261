import { useInfiniteQuery } from "@tanstack/react-query"
import { Link } from "react-router"
import { asProblem } from "../../api/client"
import { isActive, type Task } from "../../api/model"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { pastQuery } from "./api"
import { outcome } from "./outcome"
import { TaskText } from "./TaskText"

/** What has begun, was missed or was taken back, the newest first. */
export function Past() {
  const text = useText()
  const past = useInfiniteQuery(pastQuery)
  const tasks = past.data?.pages.flatMap((page) => page.items)
  return (
    <section aria-labelledby="past-tasks">
      <h2 id="past-tasks">{text.task.past}</h2>
      <ProblemNote problem={past.error ? asProblem(past.error) : null} />
      {past.isPending ? <Loading /> : null}
      {tasks?.length === 0 ? <p className="meta empty">{text.task.nonePast}</p> : null}
      <ul>
        {tasks?.map((task) => (
          <li key={task.id}>
            <Row task={task} />
          </li>
        ))}
      </ul>
      {past.hasNextPage ? (
        <button type="button" className="btn sm bare" disabled={past.isFetchingNextPage} onClick={() => void past.fetchNextPage()}>
          {text.common.more}
        </button>
      ) : null}
    </section>
  )
}

function Row({ task }: { task: Task }) {
  const text = useText()
  const format = useFormat()
  const at = task.begun_at ?? task.at
  const { word, tone } = outcome(task, text)
  const live = task.state === "claimed" && task.run && isActive(task.run.state)
  return (
    <div className="row task">
      <time dateTime={at} className="wide-time">
        {format.short(at)}
      </time>
      <div className={live ? "rail live" : "rail"} data-by="sched">
        <TaskText text={task.text} />
        {task.note ? (
          <p className="meta" lang="en">
            {task.note}
          </p>
        ) : null}
        <span className="meta">
          <Link className="link" to={paths.chat(task.chat_id)}>
            {text.task.toChat}
          </Link>
        </span>
      </div>
      <span className={`v ${tone}`}>
        {tone === "waits" ? <span className="lamp lit" /> : null}
        {word}
      </span>
    </div>
  )
}
