// What a card says first of what runs as root, and of what came from outside: plainly, before the command itself.
import type { Exec, PackagePlan, Taint } from "../api/model"
import { useFormat, useText } from "../i18n"
import { Revealed } from "./Revealed"

/** With whose power it runs, where that is not the AI's own user; and what apt would do. */
export function Elevation({ power, plan }: { power: Exec["power"]; plan: PackagePlan | null }) {
  const { elevated } = useText()
  if (power.as === "agent" || power.as === "git") return null
  return (
    <>
      <p className="risk">{elevated.asRoot}</p>
      {power.as === "packages" && power.task.task === "refresh" ? <p>{elevated.refresh}</p> : null}
      {plan ? <Plan plan={plan} /> : null}
    </>
  )
}

function Plan({ plan }: { plan: PackagePlan }) {
  const { elevated } = useText()
  const format = useFormat()
  return (
    <section aria-label={elevated.plan}>
      {plan.removes.length > 0 ? (
        <>
          <p className="risk">{elevated.removes(plan.removes.length)}</p>
          <Steps steps={plan.removes} />
        </>
      ) : null}
      <p>
        {elevated.installs(plan.installs.length)}, {elevated.fetches(format.bytes(plan.fetches))}
      </p>
      <Steps steps={plan.installs} />
    </section>
  )
}

const Steps = ({ steps }: { steps: PackagePlan["installs"] }) => (
  <ul className="reasons">
    {steps.map((step) => (
      <li key={step.name} className="meta">
        <bdi className="m" dir="ltr">
          <Revealed text={`${step.name} ${step.before ? `${step.before} → ` : ""}${step.version}`} />
        </bdi>{" "}
        {step.from ? (
          <bdi>
            <Revealed text={step.from} />
          </bdi>
        ) : null}
      </li>
    ))}
  </ul>
)

/** Why it is asked although a rule or a mode might have allowed it. */
export function Outside({ taint }: { taint: Taint | null }) {
  const { elevated } = useText()
  const format = useFormat()
  if (!taint) return null
  return (
    <p className="note">
      {elevated.taint.lead} <span className="meta">{elevated.taint[taint.from]}, {format.short(taint.at)}</span>
    </p>
  )
}
