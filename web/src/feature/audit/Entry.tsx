import { Link } from "react-router"
import type { AuditRow } from "../../api/model"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { actorName, byOf } from "../../ui/actor"
import { Command, CommandLine } from "../../ui/Command"

/** A value of a row's data, as machine text. */
const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

/** One row: what happened and who did it; opened, all that the audit keeps of it. */
export function Entry({ row }: { row: AuditRow }) {
  const text = useText()
  const format = useFormat()
  const by = byOf(row.actor)
  const data = Object.entries(row.data)
  return (
    <details className="entry">
      <summary>
        <span className="mark" data-by={by}>
          {text.audit.kinds[row.kind] ?? row.kind}
        </span>
        <span className="meta">
          <time dateTime={row.at}>{format.short(row.at)}</time> · {actorName(by, text)} · <bdi className="m">{row.seq}</bdi>
        </span>
        {row.command === undefined || row.command === null ? null : <CommandLine text={row.command} />}
      </summary>
      {row.command_changed ? <p className="note bad">{text.audit.commandChanged}</p> : null}
      {row.command === undefined || row.command === null ? null : (
        <>
          <Command text={row.command} />
          <p className="meta">{text.audit.commandNote}</p>
        </>
      )}
      <dl className="facts">
        <Line name="kind" value={row.kind} />
        <Line name="at" value={row.at} />
        {row.subject ? <Line name="subject" value={row.subject} /> : null}
        {row.run_id ? <Line name="run_id" value={row.run_id} /> : null}
        {row.actor.kind === "token" ? <Line name="token" value={row.actor.id} /> : null}
        {data.map(([name, value]) => (
          <Line key={name} name={name} value={shown(value)} />
        ))}
        <Line name="hash" value={row.hash} />
      </dl>
      {row.chat_id ? (
        <Link className="link" to={paths.chat(row.chat_id)}>
          {text.audit.chat}
        </Link>
      ) : null}
    </details>
  )
}

/** A field under the name that it has in an export, too. */
const Line = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt className="m" dir="ltr">
      {name}
    </dt>
    <dd className="m" dir="ltr">
      {value}
    </dd>
  </div>
)
