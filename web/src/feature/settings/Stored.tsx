import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { asProblem } from "../../api/client"
import type { Settings } from "../../api/model"
import { settingsQuery, type useChangeSettings } from "../../api/settings"
import { useText } from "../../i18n"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"

interface Props {
  id: string
  title: string
  lead?: string
  children: (settings: Settings) => ReactNode
}

/** A section whose field holds a kept setting. The field is not there before what it holds: typed into earlier, it would mix both, or write over what nobody saw. */
export function Stored({ id, title, lead, children }: Props) {
  const settings = useQuery(settingsQuery)
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {lead ? <p className="meta under">{lead}</p> : null}
      <ProblemNote problem={settings.error && !settings.data ? asProblem(settings.error) : null} />
      {settings.isPending ? <Loading /> : null}
      {settings.data ? children(settings.data.settings) : null}
    </section>
  )
}

/** Saves what differs from what is kept, and says when it has. */
export function Save({ dirty, change }: { dirty: boolean; change: ReturnType<typeof useChangeSettings> }) {
  const text = useText()
  return (
    <div className="acts">
      <button type="submit" className="btn" disabled={!dirty || change.isPending}>
        {text.common.save}
      </button>
      {change.isSuccess && !dirty ? (
        <span className="meta" role="status">
          {text.common.saved}
        </span>
      ) : null}
    </div>
  )
}
