import { useQuery } from "@tanstack/react-query"
import { useLayoutEffect, useRef, useState } from "react"
import { Link } from "react-router"
import { asProblem } from "../../api/client"
import type { Exec, Question } from "../../api/model"
import { approvalQuery } from "../../api/query"
import { useFormat, useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { AskBody, userOf, useRemaining } from "../../ui/Ask"
import { AskActions } from "../../ui/AskActions"
import { Begun } from "../../ui/Begun"
import { useAnswering } from "../../ui/answering"
import { clockText } from "../../ui/countdown"
import { Claim } from "../../ui/Claim"
import { Icon } from "../../ui/Icon"
import { Keep } from "../../ui/Keep"
import { Loading } from "../../ui/Loading"
import { Outcome } from "../../ui/Outcome"
import { ProblemNote } from "../../ui/Problem"
import { Machine, Revealed } from "../../ui/Revealed"
import { Said } from "../../ui/Said"
import { useTail } from "../../ui/tail"
import { ExecUndo } from "../../ui/Undo"
import { unrun } from "../../ui/unrun"
import { Wick } from "../../ui/Wick"

/** One approval in full, over the list: a bottom sheet on the phone. Closing it decides nothing. */
export function ApprovalSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const text = useText()
  const { data: approval, error } = useQuery(approvalQuery(id))
  const sheet = useRef<HTMLDialogElement>(null)
  // Closed while it is still on the page: only then does the browser give the keyboard back.
  useLayoutEffect(() => {
    const it = sheet.current
    it?.showModal()
    return () => it?.close()
  }, [])
  const waits = approval?.state === "waiting"
  return (
    <dialog
      ref={sheet}
      className={waits ? "sheet" : "sheet plain"}
      aria-labelledby="sheet-title"
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      {approval ? (
        <Body approval={approval} onClose={onClose} />
      ) : (
        <>
          <header>
            <h1 id="sheet-title">{text.approval.title}</h1>
            <Close onClose={onClose} />
          </header>
          <div className="sheet-body">{error ? <ProblemNote problem={asProblem(error)} /> : <Loading />}</div>
        </>
      )}
      <Said />
    </dialog>
  )
}

function Close({ waits = false, onClose }: { waits?: boolean; onClose: () => void }) {
  const text = useText()
  return (
    <button type="button" className="later" aria-label={waits ? text.approval.later : text.common.close} onClick={onClose}>
      <Icon name="x" />
    </button>
  )
}

function Body({ approval, onClose }: { approval: Question; onClose: () => void }) {
  const text = useText()
  const format = useFormat()
  const left = useRemaining(approval)
  // After a yes the sheet goes on to show what the command prints; there is nothing to see of a no, or of a keyboard.
  const answering = useAnswering(approval, { done: (decision) => (decision === "deny" || !approval.exec ? onClose() : undefined) })
  const waits = approval.state === "waiting"
  const [waited] = useState(waits)
  return (
    <>
      {waits ? <Wick left={left} /> : null}
      <header>
        {waits ? <span className="lamp lit" /> : null}
        <h1 id="sheet-title">{waits ? text.approval.waitsFor : text.approval.state[approval.state]}</h1>
        <span className="remain end">
<bdi>{waits ? clockText(left.seconds) : format.short(approval.decided_at ?? approval.expires_at)}</bdi>
</span>
        <Close waits={waits} onClose={onClose} />
      </header>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard */}
      <div className="sheet-body" tabIndex={0}>
        <div className="rail" data-by="ai">
          <p className="meta">
            <span className="who">{text.common.ai}</span> <Begun by={approval.run_actor} />{" "}
            {approval.chat_id ? (
              <Link className="link" to={paths.chat(approval.chat_id)}>
                <bdi>{approval.chat_title || text.chat.untitled}</bdi>
              </Link>
            ) : null}{" "}
            · {text.approval.as} <Machine text={userOf(approval)} />
          </p>
          <AskBody approval={approval} />
          <Verdict approval={approval} />
          {approval.exec && approval.state === "allowed" ? <Ran exec={approval.exec} /> : null}
          <Bound approval={approval} />
        </div>
      </div>
      {waited ? (
        <Keep part="close" className="sheet-acts">
          {waits ? (
            <AskActions approval={approval} left={left} {...answering} />
          ) : (
            <button type="button" className="btn" data-part="close" onClick={onClose}>
              {text.common.close}
            </button>
          )}
        </Keep>
      ) : null}
    </>
  )
}

function Verdict({ approval }: { approval: Question }) {
  const text = useText()
  if (approval.state === "waiting") return null
  return (
    <>
      {approval.decided_by ? (
        <p className="meta">
          <Outcome question={approval} />
        </p>
      ) : null}
      {approval.reason ? (
        <p>
          <span className="meta">{text.approval.reasonGiven}</span> <Claim text={approval.reason} />
        </p>
      ) : null}
    </>
  )
}

/** What ran, and what it prints. */
function Ran({ exec }: { exec: Exec }) {
  const text = useText()
  const format = useFormat()
  const { lines } = useTail(exec)
  const note = unrun(exec, text)
  return (
    <section aria-label={text.rule.ran}>
      <p className="meta">
        {text.rule.ran} · {exec.started_at ? `${format.short(exec.started_at)} · ` : null}
        {exec.exit?.how === "code" ? text.exec.code(exec.exit.code) : text.exec[exec.state]}
        {exec.started_at ? (
          <>
            {" · "}
            <Link className="link" to={paths.terminal(exec.terminal_id)}>
              {text.terminal.toTerminal}
            </Link>
          </>
        ) : null}
      </p>
      {note ? <p>{note}</p> : null}
      {lines.length > 0 ? (
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard
        <pre tabIndex={0} className="cmd out" dir="ltr" aria-label={text.exec.output}>
          {lines.join("\n")}
        </pre>
      ) : null}
      <ExecUndo exec={exec} />
    </section>
  )
}

const Named = ({ text }: { text: string }) => (
  <code>
    <Revealed text={text} />
  </code>
)

/** The files, folder and digest the answer is bound to. */
function Bound({ approval }: { approval: Question }) {
  const text = useText()
  const { measure } = approval
  if (!measure) return null
  const files = [
    { kind: text.approval.shell, file: measure.shell },
    ...measure.programs.map((file) => ({ kind: text.approval.program, file })),
    ...measure.scripts.map((file) => ({ kind: text.approval.file, file })),
  ]
  return (
    <details>
      <summary className="meta">{text.approval.details}</summary>
      <dl>
        {files.map(({ kind, file }) => (
          <div key={`${kind} ${file.path} ${file.word}`}>
            <dt>{kind}</dt>
            <dd>
              <Named text={file.path} />
            </dd>
            <dd className="m" title={file.sha256}>
              {file.sha256.slice(0, 8)}
            </dd>
          </div>
        ))}
        <div>
          <dt>{text.approval.folder}</dt>
          <dd>
            <Named text={measure.cwd} />
          </dd>
          <dd className="m">
            <Machine text={measure.host} />
          </dd>
        </div>
        <div>
          <dt>{text.approval.digest}</dt>
          <dd>
            <code>{approval.digest}</code>
          </dd>
          <dd />
        </div>
      </dl>
    </details>
  )
}
