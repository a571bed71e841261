import { useQuery, type UseQueryResult } from "@tanstack/react-query"
import { useId, useState } from "react"
import { Link } from "react-router"
import { asProblem } from "../../api/client"
import type { Terminal, TerminalHistory } from "../../api/model"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { Claim } from "../../ui/Claim"
import { Confirm } from "../../ui/Confirm"
import { clockText, useNow } from "../../ui/countdown"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { Revealed } from "../../ui/Revealed"
import { isPalette, PALETTES, setLook, useLook, zoom } from "../../ui/terminal/look"
import { openRunsQuery, useClose, useHand } from "./api"
import { history } from "./history"
import { byOf } from "./name"
import { Rename } from "./Rename"

interface Props {
  terminal: Terminal
  told: UseQueryResult<TerminalHistory>
  /** The run to which the keyboard would go back. */
  run: string | undefined
  onFind: () => void
}

/** Beside the terminal: whose the keyboard was, handing it back, and what can be done with the session. */
export function Panel({ terminal, told, run, onFind }: Props) {
  const text = useText()
  return (
    <aside className="side" aria-label={text.terminal.details}>
      <section aria-labelledby="keyboard">
        <h2 id="keyboard">{text.terminal.keyboard}</h2>
        <History terminal={terminal} told={told} />
        {terminal.state === "running" ? <HandBack terminal={terminal} run={run} /> : null}
      </section>
      <section aria-labelledby="session">
        <h2 id="session">{text.terminal.session}</h2>
        <About terminal={terminal} />
        <Actions terminal={terminal} onFind={onFind} />
      </section>
      <section aria-labelledby="letters">
        <h2 id="letters">{text.terminal.letters}</h2>
        <Letters />
      </section>
    </aside>
  )
}

function History({ terminal, told }: { terminal: Terminal; told: UseQueryResult<TerminalHistory> }) {
  const text = useText()
  const format = useFormat()
  if (!told.data) return told.error ? <ProblemNote problem={asProblem(told.error)} /> : <Loading />
  const lines = history(told.data, text)
  if (lines.length === 0) return <p className="meta empty">{text.terminal.drives[byOf(terminal)]}</p>
  return (
    <ol className="said-keys">
      {lines.slice(0, 30).map((line, at) => (
        <li key={line.eid}>
          <time dateTime={line.at}>{format.time(line.at)}</time>
          <div className={at === 0 && terminal.state === "running" ? "rail live" : "rail"} data-by={line.by}>
            <p>{line.what}</p>
            {line.note || line.said ? (
              <p className="meta">
                {line.note} {line.said ? <Claim text={line.said} /> : null}
              </p>
            ) : null}
          </div>
        </li>
      ))}
    </ol>
  )
}

const MINUTES = [5, 10, 30, 60] as const

function HandBack({ terminal, run }: { terminal: Terminal; run: string | undefined }) {
  const text = useText()
  const id = useId()
  const [note, setNote] = useState("")
  const [minutes, setMinutes] = useState<number>(10)
  const runs = useQuery(openRunsQuery).data ?? []
  const hand = useHand(terminal.id)
  const to = run ?? runs[0]?.id
  const isDriving = byOf(terminal) === "you"
  const why = !isDriving ? text.terminal.aiHasIt : !to ? text.terminal.noRun : undefined
  return (
    <form
      className="hand"
      onSubmit={(event) => {
        event.preventDefault()
        if (to) hand.mutate({ run: to, minutes, note: note.trim() }, { onSuccess: () => setNote("") })
      }}
    >
      <label className="meta" htmlFor={id}>
        {text.terminal.noteLead}
      </label>
      <input id={id} className="field" dir={note ? "auto" : undefined} maxLength={500} placeholder={text.terminal.noteHint} value={note} onChange={(event) => setNote(event.target.value)} />
      <div className="acts">
        <button type="submit" className="btn" disabled={hand.isPending || why !== undefined} aria-describedby={why ? `${id}w` : undefined}>
          {text.terminal.hand}
        </button>
        <select className="field short" aria-label={text.terminal.howLong} value={minutes} onChange={(event) => setMinutes(Number(event.target.value))}>
          {MINUTES.map((it) => (
            <option key={it} value={it}>
              {text.terminal.told.minutes(it)}
            </option>
          ))}
        </select>
      </div>
      {why ? (
        <p className="meta" id={`${id}w`}>
          {why}
        </p>
      ) : null}
      <ProblemNote problem={hand.error ? asProblem(hand.error) : null} />
    </form>
  )
}

function About({ terminal }: { terminal: Terminal }) {
  const text = useText()
  const format = useFormat()
  const isRunning = terminal.state === "running"
  const now = useNow(isRunning)
  const began = terminal.started_at ?? terminal.created_at
  const lasted = (terminal.ended_at ? Date.parse(terminal.ended_at) : now) - Date.parse(began)
  const rows: [string, string | undefined][] = [
    [text.terminal.hostUser, `${terminal.host}${terminal.user ? `, ${terminal.user}` : ""}`],
    [text.terminal.size, `${terminal.size.columns}×${terminal.size.rows}`],
    [text.terminal.recording, `${clockText(Math.floor(Math.max(0, lasted) / 1000))}, ${format.bytes(terminal.bytes)}`],
    [text.terminal.lookedAt, isRunning ? text.terminal.viewers(terminal.viewers) : undefined],
    [text.terminal.program, terminal.program ?? undefined],
    [text.terminal.folder, terminal.cwd ?? undefined],
  ]
  return (
    <dl>
      {rows.map(([name, value]) =>
        value ? (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <bdi>
                <Revealed text={value} />
              </bdi>
            </dd>
          </div>
        ) : null,
      )}
      {terminal.chat_id ? (
        <div>
          <dt>{text.nav.chat}</dt>
          <dd>
            <Link className="link" to={paths.chat(terminal.chat_id)}>
              {text.terminal.toChat}
            </Link>
          </dd>
        </div>
      ) : null}
    </dl>
  )
}

function Actions({ terminal, onFind }: { terminal: Terminal; onFind: () => void }) {
  const text = useText()
  const close = useClose(terminal.id)
  return (
    <>
      <div className="acts side-acts">
        <Link className="btn sm" to={paths.replay(terminal.id)}>
          {text.terminal.replay}
        </Link>
        <button type="button" className="btn sm" onClick={onFind}>
          {text.terminal.find}
        </button>
        <Rename terminal={terminal} />
        {terminal.state === "running" ? <Confirm label={text.terminal.end} question={text.terminal.endAsk} busy={close.isPending} onYes={() => close.mutate()} /> : null}
      </div>
      <ProblemNote problem={close.error ? asProblem(close.error) : null} />
    </>
  )
}

function Letters() {
  const text = useText()
  const id = useId()
  const { fontSize, isReader, palette } = useLook()
  return (
    <div className="acts letters">
      <button type="button" className="btn sm" onClick={() => zoom(-1)}>
        <bdi dir="ltr">A−</bdi>
        <span className="vh">{text.terminal.smaller}</span>
      </button>
      <bdi className="m">{fontSize}</bdi>
      <button type="button" className="btn sm" onClick={() => zoom(1)}>
        <bdi dir="ltr">A+</bdi>
        <span className="vh">{text.terminal.larger}</span>
      </button>
      <button type="button" className="btn sm" aria-pressed={isReader} onClick={() => setLook({ isReader: !isReader })}>
        {text.terminal.reader}
      </button>
      <label className="meta" htmlFor={id}>
        {text.terminal.colours}
      </label>
      <select id={id} className="field short" value={palette} onChange={({ target }) => isPalette(target.value) && setLook({ palette: target.value })}>
        {PALETTES.map((it) => (
          <option key={it} value={it}>
            {text.terminal.palettes[it]}
          </option>
        ))}
      </select>
      <p className="meta">
        {text.terminal.sizeHint} <kbd dir="ltr">Ctrl + / −</kbd>
      </p>
      <p className="meta">
        {text.terminal.leaveHint} <kbd dir="ltr">Ctrl+Shift+M</kbd>
      </p>
      <p className="meta">
        {text.terminal.copyHint} <kbd dir="ltr">Ctrl+Shift+C</kbd>
      </p>
    </div>
  )
}
