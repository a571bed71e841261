import { useState } from "react"
import { asProblem } from "../../api/client"
import type { AuditVerification } from "../../api/model"
import { useFormat, useText } from "../../i18n"
import type { Messages } from "../../i18n/en"
import { AUDIT_EXPORT } from "../../nav/paths"
import { Act } from "../../ui/Act"
import { Copy } from "../../ui/Copy"
import { Field } from "../../ui/Field"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { type Head, headOf, useVerify } from "./api"

const FINDINGS_SHOWN = 20

/** Has the audit checked, and says what was found. */
export function Check() {
  const text = useText()
  const verify = useVerify()
  const [noted, setNoted] = useState("")
  const head = headOf(noted)
  const wrong = noted.trim() !== "" && head === undefined
  return (
    <section aria-labelledby="check">
      <h2 id="check" className="vh">
        {text.audit.check}
      </h2>
      <form
        className="stack"
        aria-label={text.audit.check}
        onSubmit={(event) => {
          event.preventDefault()
          if (!verify.isPending && !wrong) verify.mutate(head)
        }}
      >
        <Field label={text.audit.noted} hint={wrong ? text.audit.notedWrong : text.audit.notedHint} machine aria-invalid={wrong} value={noted} onValue={setNoted} />
        <div className="acts">
          <Act type="submit" className="btn ink" dead={verify.isPending || wrong}>
            {text.audit.check}
          </Act>
          <a className="btn" href={AUDIT_EXPORT} download>
            {text.audit.download}
          </a>
        </div>
      </form>
      {verify.isPending ? (
        <p className="meta" role="status">
          {text.audit.checking} <Loading />
        </p>
      ) : null}
      <ProblemNote problem={verify.error ? asProblem(verify.error) : null} />
      {verify.data ? <Found found={verify.data} against={verify.variables} /> : null}
    </section>
  )
}

/** Who remembers, in words. */
const rememberer = (by: string, text: Messages) => (by === "seal" ? text.audit.sealName : by === "you" ? text.audit.youName : by)

function sentence(finding: AuditVerification["findings"][number], text: Messages): string {
  switch (finding.what) {
    case "missing":
      return text.audit.found.missing(finding.from, finding.to)
    case "changed":
      return text.audit.found.changed(finding.seq)
    case "rewritten":
      return text.audit.found.rewritten(finding.seq, rememberer(finding.by, text))
    case "truncated":
      return text.audit.found.truncated(finding.count, finding.left, rememberer(finding.by, text))
  }
}

function Found({ found, against }: { found: AuditVerification; against: Head | undefined }) {
  const text = useText()
  const format = useFormat()
  const doubts = found.witnesses.flatMap((witness) => witness.doubts)
  const wrong = found.finding_count + doubts.length + (found.seal === "holds" ? 0 : 1)
  const findings = [...found.findings.map((finding) => sentence(finding, text)), ...doubts.map((doubt) => text.audit.doubt[doubt.what](doubt.exec_id))]
  return (
    <div className={found.ok ? "note good" : "note bad"} role="status">
      <p>
        <b>{found.ok ? text.audit.clean(format.number(found.head.count)) : text.audit.dirty(wrong)}</b>
      </p>
      <p>{text.audit.seal[found.seal]}</p>
      {findings.length > 0 ? (
        <ul>
          {findings.slice(0, FINDINGS_SHOWN).map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      ) : null}
      <ul className="meta">
        {found.witnesses.map(({ host, answered, commands }) => (
          <li key={host}>{answered ? text.audit.witness(host, format.number(commands)) : text.audit.silent(host)}</li>
        ))}
      </ul>
      {found.complete ? null : <p>{text.audit.incomplete}</p>}
      {against && found.ok ? <p>{text.audit.notedFits(format.number(against.count))}</p> : null}
      <p className="meta">{text.audit.head}</p>
      <p className="secret">
        <code dir="ltr">
          {found.head.count} {found.head.hash}
        </code>
        <Copy value={`${found.head.count} ${found.head.hash}`} />
      </p>
    </div>
  )
}
