// A rule before it is kept: how much must be the same, where, until when, how often, and what it would have matched.
import { useQuery } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"
import { serverNow } from "../api/clock"
import { type ApiProblem, asProblem } from "../api/client"
import type { RuleBody } from "../api/model"
import { previewQuery } from "../api/rule"
import { useFormat, useText } from "../i18n"
import { Act } from "./Act"
import { CommandLine } from "./Command"
import { Field } from "./Field"
import { Loading } from "./Loading"
import { ProblemNote } from "./Problem"
import { Select } from "./Select"
import { commandText } from "./shell"

const HOUR = 3_600_000
const SPANS = { hour: HOUR, day: 24 * HOUR, month: 30 * 24 * HOUR } as const
const TIMES = [1, 3, 10, 100]

interface Props {
  draft: RuleBody
  /** Whether further words may be left open. */
  mayOpen: boolean
  /** The chat that a rule "in this chat" is about. */
  chat?: string | undefined
  /** Offers to put that chat into auto mode. */
  offerAuto?: boolean
  /** What else is to be known of where it counts. */
  note?: string | undefined
  submit: string
  busy: boolean
  problem: ApiProblem | null
  onSubmit: (draft: RuleBody, auto: boolean) => void
  onBack: () => void
}

/** How much of the words counts: all exactly, or a beginning of them. */
const shapes = (draft: RuleBody, mayOpen: boolean) => {
  const least = draft.program.endsWith("/git") ? 1 : 0
  const open = mayOpen ? Array.from({ length: draft.words.length - least + 1 }, (_, at) => draft.words.length - at) : []
  return { open, first: draft.open ? `open ${draft.words.length}` : "exact" }
}

export function RuleForm({ draft, mayOpen, chat, offerAuto = false, note, submit, busy, problem, onSubmit, onBack }: Props) {
  const text = useText()
  const format = useFormat()
  const { open, first } = shapes(draft, mayOpen)
  const [shape, setShape] = useState(first)
  const [folder, setFolder] = useState(draft.folder)
  const [scope, setScope] = useState(draft.chat_id ? "chat" : "all")
  const [span, setSpan] = useState(draft.until ? "kept" : "revoked")
  const [times, setTimes] = useState(draft.times ? String(draft.times) : "")
  const [auto, setAuto] = useState(true)
  // Chosen once: the end must not move while somebody reads.
  const [opened] = useState(serverNow)
  const isOpen = shape !== "exact"
  const words = isOpen ? draft.words.slice(0, Number(shape.slice(5))) : draft.words
  const until = span === "kept" ? (draft.until ?? null) : span === "revoked" ? null : new Date(opened + SPANS[span as keyof typeof SPANS]).toISOString()
  const wanted: RuleBody = { program: draft.program, words, open: isOpen, folder, chat_id: scope === "chat" ? (chat ?? null) : null, until, times: times === "" ? null : Number(times) }
  const span1 = isOpen && span === "revoked"
  const spans = [
    ...(draft.until ? [{ value: "kept", label: format.short(draft.until) }] : []),
    ...(["hour", "day", "month"] as const).map((value) => ({ value, label: text.rule.untils[value] })),
    ...(isOpen ? [] : [{ value: "revoked", label: text.rule.untils.revoked }]),
  ]
  return (
    <form
      className="rule-form"
      aria-label={submit}
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy) onSubmit(wanted, offerAuto && auto)
      }}
    >
      <Select
        // eslint-disable-next-line jsx-a11y/no-autofocus -- the owner has just asked for this form
        autoFocus
        label={text.rule.same}
        machine
        value={shape}
        onValue={(next) => {
          setShape(next)
          if (next !== "exact" && span === "revoked") setSpan("month")
        }}
        options={[
          { value: "exact", label: text.rule.exactly(commandText(draft.program, draft.words)) },
          ...open.map((count) => ({ value: `open ${count}`, label: text.rule.begins(commandText(draft.program, draft.words.slice(0, count))) })),
        ]}
      />
      <Field label={text.rule.folder} machine required maxLength={4096} pattern="/.*" value={folder} onValue={setFolder} />
      <div className="trio">
        {chat ? (
          <Select
            label={text.rule.where}
            value={scope}
            onValue={setScope}
            options={[
              { value: "chat", label: text.rule.here },
              { value: "all", label: text.rule.everywhere },
            ]}
          />
        ) : null}
        <Select label={text.rule.until} value={span1 ? "month" : span} onValue={setSpan} options={spans} />
        <Select
          label={text.rule.times}
          value={times}
          onValue={setTimes}
          options={[{ value: "", label: text.rule.anyTimes }, ...[...new Set([...TIMES, ...(draft.times ? [draft.times] : [])])].map((n) => ({ value: String(n), label: text.rule.nTimes(n) }))]}
        />
      </div>
      {offerAuto ? (
        <label className="check">
          <input type="checkbox" checked={auto} onChange={(event) => setAuto(event.target.checked)} />
          <span>{text.rule.auto}</span>
        </label>
      ) : null}
      {note ? <p className="meta">{note}</p> : null}
      <Preview draft={wanted} />
      <ProblemNote problem={problem} />
      <div className="acts">
        <Act type="submit" className="btn ink" dead={busy}>
          {submit}
        </Act>
        <button type="button" className="btn" onClick={onBack}>
          {text.approval.back}
        </button>
      </div>
    </form>
  )
}

function Preview({ draft }: { draft: RuleBody }): ReactNode {
  const text = useText()
  const { data, error } = useQuery({ ...previewQuery(draft), placeholderData: (before) => before })
  if (error) return <ProblemNote problem={asProblem(error)} />
  if (!data) return <Loading />
  return (
    <details>
      <summary className="meta">
        <span role="status">{text.rule.preview(data.matched, data.of)}</span>
      </summary>
      <ul aria-label={text.rule.previewList}>
        {data.commands.map((command, at) => (
          <li key={`${at}`}>
            <CommandLine text={command} />
          </li>
        ))}
      </ul>
    </details>
  )
}
