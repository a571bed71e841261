// Undo of a command, of an undo, or of what became of a snapshot: what it would do, and doing it.
import { useQuery } from "@tanstack/react-query"
import { type ReactNode, useId, useState } from "react"
import { asProblem } from "../api/client"
import type { Exec, Undo, UndoItem, UndoOf, UndoPreview } from "../api/model"
import { subjectOf, undoPreviewQuery, undosQuery, useUndo } from "../api/undo"
import { useFormat, useText } from "../i18n"
import { Act } from "./Act"
import { useNow } from "./countdown"
import { Keep } from "./Keep"
import { Loading } from "./Loading"
import { ProblemNote } from "./Problem"

/** Below a command that changed something: that it can be undone, that it was, or why it can't be. */
export function ExecUndo({ exec }: { exec: Exec }) {
  const text = useText().undo
  const { kept } = exec
  if (!kept || (exec.state !== "ended" && exec.state !== "unknown")) return null
  if (kept.state === "not_kept")
    return (
      <p className="said-why meta">
        {text.not} {kept.why ? text.why[kept.why] : ""}
      </p>
    )
  const changed = kept.changed ?? 0
  if (changed === 0) return null
  return (
    <div className="said-why undoing">
      <UndoPart of={{ of: "exec", exec: exec.id }} label={text.look} lead={<p className="meta">{text.changes(changed)}</p>} gaps={kept.gaps?.map((gap) => text.gap[gap]) ?? []} until={kept.until ?? undefined} />
    </div>
  )
}

interface Part {
  of: UndoOf
  host?: string
  label: string
  lead?: ReactNode
  gaps?: string[]
  /** After this nothing is offered any more. */
  until?: string | undefined
}

/** Whether an undo left nothing of what it was to do: then only the undo itself can be undone. */
const isWhole = ({ state, undone }: Undo): boolean => state === "done" && (undone?.left ?? 0) === 0 && (undone?.failed ?? 0) === 0

/** How it was undone last, the button, and behind it the preview. */
export function UndoPart({ of, host, label, lead, gaps = [], until }: Part) {
  const text = useText()
  const [open, setOpen] = useState<boolean>()
  const now = useNow(false)
  const undos = useQuery(undosQuery(subjectOf(of)))
  const last = undos.data?.find((undo) => of.of !== "snapshot" || (undo.of.of === "snapshot" && undo.of.path === of.path))
  const over = until !== undefined && Date.parse(until) <= now
  const offered = !over && last?.state !== "running" && (of.of === "snapshot" || !last || !isWhole(last))
  return (
    <>
      {lead || (offered && !open) ? (
        <div className="undo-head">
          {lead}
          {offered && !open ? (
            // eslint-disable-next-line jsx-a11y/no-autofocus -- the preview was closed: back to where it was opened
            <button type="button" className="btn sm" autoFocus={open === false} onClick={() => setOpen(true)}>
              {label}
            </button>
          ) : null}
        </div>
      ) : null}
      {last ? <Undid undo={last} /> : null}
      {over && !last ? <p className="meta">{text.undo.gone}</p> : null}
      {open ? <Preview of={of} {...(host ? { host } : {})} gaps={gaps} onDone={() => setOpen(false)} /> : null}
    </>
  )
}

/** How an undo ended; and its own undo. */
function Undid({ undo }: { undo: Undo }) {
  const text = useText().undo
  const format = useFormat()
  const { undone, state } = undo
  const facts = [
    state === "done" ? (undo.of.of === "snapshot" ? text.broughtAt : text.undoneAt)(format.short(undo.ended_at ?? undo.created_at)) : text.state[state],
    undone ? text.did(undone.restored, undone.removed) : "",
    undone && undone.left > 0 ? text.left(undone.left) : "",
  ]
  const told = (
    <div role="status">
      <p className="meta">{facts.filter(Boolean).join(" · ")}</p>
      {state === "running" ? <Loading /> : null}
      {undone && undone.failed > 0 ? (
        <>
          <p className="risk">{text.failed(undone.failed)}</p>
          {undone.detail ? (
            <p className="meta cause">
              <bdi>{undone.detail}</bdi>
            </p>
          ) : null}
        </>
      ) : null}
      {undo.detail ? <p className="risk">{undo.detail}</p> : null}
    </div>
  )
  if (state !== "done" && state !== "cut") return told
  return <UndoPart of={{ of: "undo", undo: undo.id }} label={undo.of.of === "snapshot" ? text.look : text.again} lead={told} />
}

/** What was opened by a button gets the focus that the button had. */
const focus = (it: HTMLElement | null) => it?.focus()

function Preview({ of, host, gaps, onDone }: { of: UndoOf; host?: string; gaps: string[]; onDone: () => void }) {
  const text = useText().undo
  const id = useId()
  const seen = useQuery(undoPreviewQuery(of, host))
  // Held here, since the form below goes when its preview is no longer true, which is when an undo is refused.
  const undo = useUndo(onDone)
  const failed = seen.error ?? undo.error
  return (
    <section className="undo-preview" aria-labelledby={id}>
      <h3 id={id} ref={focus} tabIndex={-1}>
        {of.of === "snapshot" ? text.titleBring : text.title}
      </h3>
      <ProblemNote problem={failed ? asProblem(failed) : null} />
      <Keep>
        {seen.isFetching ? <Loading /> : null}
        {seen.data && !seen.isFetching ? (
          <Form
            key={seen.data.digest}
            of={of}
            seen={seen.data}
            gaps={gaps}
            busy={undo.isPending}
            onDone={onDone}
            onUndo={(take, all) => undo.mutate({ of, ...(host ? { host } : {}), digest: seen.data.digest, take, all }, { onError: () => void seen.refetch() })}
          />
        ) : null}
      </Keep>
    </section>
  )
}

interface FormProps {
  of: UndoOf
  seen: UndoPreview
  gaps: string[]
  busy: boolean
  onUndo: (take: number[], all: boolean) => void
  onDone: () => void
}

function Form({ of, seen, gaps, busy, onUndo, onDone }: FormProps) {
  const text = useText().undo
  const format = useFormat()
  const [ticked, setTicked] = useState<ReadonlySet<number>>(new Set())
  const [all, setAll] = useState(false)
  const { counts, items } = seen
  const sum = counts.create + counts.restore + counts.attributes + counts.remove
  if (sum === 0)
    return (
      <>
        <p>{text.nothing}</p>
        <div className="acts">
          <button type="button" className="btn" onClick={onDone}>
            {text.close}
          </button>
        </div>
      </>
    )
  const tick = (n: number) => setTicked((old) => (old.has(n) ? new Set([...old].filter((it) => it !== n)) : new Set([...old, n])))
  const idle = counts.conflicts === sum && !all && ticked.size === 0
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy && !idle) onUndo([...ticked], all)
      }}
    >
      <p className="meta">
        {text.kept(format.short(seen.at))} {text.count(counts.create, counts.restore + counts.attributes, counts.remove)} · <bdi>{format.bytes(counts.bytes)}</bdi>
      </p>
      {gaps.map((gap) => (
        <p key={gap} className="risk">
          {gap}
        </p>
      ))}
      {counts.conflicts > 0 ? (
        <>
          <p className="note">{text.conflicts(counts.conflicts)}</p>
          {counts.conflicts > 1 ? (
            <label className="check">
              <input type="checkbox" checked={all} onChange={() => setAll(!all)} />
              <span>{text.takeAll}</span>
            </label>
          ) : null}
        </>
      ) : null}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard */}
      <ul className="undo-items" tabIndex={0} aria-label={text.title}>
        {items.map((item) => (
          <li key={item.n}>
            <Line item={item} checked={all || ticked.has(item.n)} locked={all} onTick={() => tick(item.n)} />
          </li>
        ))}
        {sum > items.length ? <li className="meta">{text.more(sum - items.length)}</li> : null}
      </ul>
      <div className="acts">
        <Act type="submit" className="btn ink" dead={busy || idle}>
          {of.of === "snapshot" ? text.bringNow : text.undo}
        </Act>
        <button type="button" className="btn" onClick={onDone}>
          {text.close}
        </button>
      </div>
    </form>
  )
}

function Line({ item, checked, locked, onTick }: { item: UndoItem; checked: boolean; locked: boolean; onTick: () => void }) {
  const text = useText().undo
  const said = (
    <span>
      <bdi className="m">{item.path}</bdi>
      <span className="meta">
        {text.kind[item.kind]} {text.step[item.step]}
        {item.conflict ? ` · ${text.conflict[item.conflict]}` : ""}
      </span>
    </span>
  )
  if (!item.conflict) return said
  return (
    <label className="check">
      <input type="checkbox" checked={checked} disabled={locked} onChange={onTick} />
      {said}
    </label>
  )
}
