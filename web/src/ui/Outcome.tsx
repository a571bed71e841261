// How a question was answered, by whom and from where: the first answer counts, and the others see whose it was.
import { useQuery } from "@tanstack/react-query"
import type { ApiProblem } from "../api/client"
import type { Question } from "../api/model"
import { approvalQuery } from "../api/query"
import { useText } from "../i18n"
import { actorName, byOf } from "./actor"
import { useElsewhere } from "./answering"
import { CommandLine } from "./Command"
import { deviceName } from "./device"
import { handLine } from "./HandBody"
import { Machine } from "./Revealed"

/** What is asked, in one line. */
export const lineOf = ({ exec, hand }: Question): string => exec?.command ?? (hand ? handLine(hand) : "")

export function Outcome({ question: { state, decided_by, decided_from } }: { question: Question }) {
  const text = useText()
  if (state === "waiting") return null
  if (!decided_by || state === "expired" || state === "withdrawn") return <>{text.approval.told[state]}</>
  return (
    <>
      {text.approval.state[state]} {text.approval.by} <b>{actorName(byOf(decided_by), text)}</b>
      {decided_from ? (
        <>
          {" "}
          {text.rule.from} <bdi>{deviceName(decided_from.device)}</bdi> <Machine text={decided_from.address} />
        </>
      ) : null}
    </>
  )
}

/** What stays of a card whose question went without an answer from here. `problem` is what became of one that came too late. */
export function Gone({ question, problem }: { question: Question; problem: ApiProblem | null }) {
  const text = useText()
  const { data: now } = useQuery(approvalQuery(question.id))
  return (
    <>
      <CommandLine text={lineOf(question)} />
      <p className="meta">
        {problem?.code === "approval_already_decided" ? `${text.approval.tooLate} ` : null}
        {now ? <Outcome question={now} /> : null}
      </p>
    </>
  )
}

/** The same below a command in a transcript. */
export function Elsewhere({ approval }: { approval: string }) {
  const elsewhere = useElsewhere(approval)
  const { data: now } = useQuery({ ...approvalQuery(approval), enabled: elsewhere })
  if (!elsewhere || !now?.decided_by) return null
  return (
    <p className="said-why meta">
      <Outcome question={now} />
    </p>
  )
}
