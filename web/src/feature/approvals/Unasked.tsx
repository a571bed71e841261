import { useInfiniteQuery } from "@tanstack/react-query"
import { Link } from "react-router"
import { asProblem } from "../../api/client"
import type { Unasked as Row } from "../../api/model"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { CommandLine } from "../../ui/Command"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { commandText } from "../../ui/shell"
import { unaskedQuery } from "./api"

/** What ran without a question, and what had allowed it. */
export function Unasked() {
  const text = useText()
  const unasked = useInfiniteQuery(unaskedQuery)
  const rows = unasked.data?.pages.flatMap((page) => page.items)
  return (
    <section aria-labelledby="unasked">
      <h2 id="unasked">{text.elevated.unasked}</h2>
      <p className="meta under">{text.elevated.unaskedLead}</p>
      <ProblemNote problem={unasked.error ? asProblem(unasked.error) : null} />
      {unasked.isPending ? <Loading /> : null}
      {rows?.length === 0 ? <p className="meta empty">{text.elevated.noneUnasked}</p> : null}
      <ul>
        {rows?.map((row) => (
          <li key={row.exec.id}>
            <Ran row={row} />
          </li>
        ))}
      </ul>
      {unasked.hasNextPage ? (
        <button type="button" className="btn sm bare" disabled={unasked.isFetchingNextPage} onClick={() => void unasked.fetchNextPage()}>
          {text.common.more}
        </button>
      ) : null}
    </section>
  )
}

function Ran({ row: { exec, chat_id, chat_title, rule } }: { row: Row }) {
  const text = useText()
  const format = useFormat()
  return (
    <Link className="row" to={exec.started_at ? paths.terminal(exec.terminal_id) : paths.chat(chat_id)}>
      {exec.started_at ? (
        <time dateTime={exec.started_at} className="wide-time">
          {format.short(exec.started_at)}
        </time>
      ) : (
        <span className="wide-time" />
      )}
      <span className="rail" data-by="ai">
        <CommandLine text={exec.command} />
        <span className="meta ell">
          <bdi>{chat_title || text.chat.untitled}</bdi> · {rule ? text.rule.byRule : text.rule.byFull}
          {rule ? (
            <>
              {": "}
              <code dir="ltr">
                {commandText(rule.program, rule.words)}
                {rule.open ? " …" : ""}
              </code>
            </>
          ) : null}
        </span>
      </span>
      <span className="v muted">{exec.exit?.how === "code" ? text.exec.code(exec.exit.code) : text.exec[exec.state]}</span>
    </Link>
  )
}
