import { useQuery } from "@tanstack/react-query"
import { useNavigate, useParams } from "react-router"
import { openTerminalsQuery } from "../../api/query"
import { useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { useTitle } from "../../ui/title"
import { useOpen } from "./api"
import { List } from "./List"
import { Session } from "./Session"
import { Tabs } from "./Tabs"

export default function TerminalsPage() {
  const text = useText()
  const { id } = useParams()
  const navigate = useNavigate()
  const open = useQuery(openTerminalsQuery)
  const opening = useOpen((terminal) => void navigate(paths.terminal(terminal.id)))
  useTitle(text.terminal.title)
  return (
    <div className="app terms">
      <Tabs current={id} open={open.data ?? []} home isOpening={opening.isPending} onOpen={() => opening.mutate({})} />
      {id ? (
        <Session key={id} id={id} isOpening={opening.isPending} problem={opening.error} onOpen={opening.mutate} />
      ) : (
        <List isOpening={opening.isPending} problem={opening.error} onOpen={(host) => opening.mutate(host ? { host } : {})} />
      )}
    </div>
  )
}
