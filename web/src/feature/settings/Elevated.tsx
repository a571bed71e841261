import { queryOptions, useMutation, useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { api, asProblem, body } from "../../api/client"
import { cache } from "../../api/connection"
import { keys } from "../../api/keys"
import type { Elevated as Standing } from "../../api/model"
import { wantsReauth } from "../../api/query"
import { useFormat, useText } from "../../i18n"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { Reauth } from "../../ui/Reauth"

type Level = Standing["level"]
const LEVELS: readonly Level[] = ["off", "packages", "commands"]

const elevatedQuery = queryOptions({ queryKey: keys.elevated, queryFn: () => body(api.GET("/api/v1/elevated")) })

/** What the AI may ask for as root. */
export function Elevated() {
  const text = useText()
  const say = text.elevated
  const elevated = useQuery(elevatedQuery)
  return (
    <section aria-labelledby="elevated">
      <h2 id="elevated">{say.title}</h2>
      <p className="meta under">{say.lead}</p>
      <ProblemNote problem={elevated.error && !elevated.data ? asProblem(elevated.error) : null} />
      {elevated.isPending ? <Loading /> : null}
      {elevated.data ? <Choice key={elevated.data.level} standing={elevated.data} /> : null}
    </section>
  )
}

function Choice({ standing }: { standing: Standing }) {
  const text = useText()
  const say = text.elevated
  const format = useFormat()
  const [wanted, setWanted] = useState<Level>(standing.level)
  const set = useMutation({
    mutationFn: (level: Level) => body(api.PUT("/api/v1/elevated", { body: { level } })),
    onSuccess: (fresh) => cache.setQueryData(keys.elevated, fresh),
  })
  const problem = set.error ? asProblem(set.error) : null
  if (problem && wantsReauth(problem)) return <Reauth lead={say.reauthLead} onDone={() => set.mutate(wanted)} onBack={set.reset} />
  const impossible = standing.possible === false
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        set.mutate(wanted)
      }}
    >
      <fieldset className="checks">
        <legend className="vh">{say.title}</legend>
        {LEVELS.map((level) => (
          <label key={level} htmlFor={`elevated-${level}`}>
            <input id={`elevated-${level}`} type="radio" name="elevated" checked={wanted === level} disabled={impossible && level !== "off" && level !== standing.level} onChange={() => setWanted(level)} />
            <span>
              <b>{say.level[level]}</b>{" "}
              <span className="meta">
                {say.says[level]} {level === standing.level && standing.since ? say.since(format.short(standing.since)) : null}
              </span>
            </span>
          </label>
        ))}
      </fieldset>
      {impossible ? <p className="note">{say.impossible}</p> : null}
      <ProblemNote problem={problem} />
      <div className="acts">
        <button type="submit" className="btn" disabled={set.isPending || wanted === standing.level}>
          {say.set}
        </button>
      </div>
    </form>
  )
}
