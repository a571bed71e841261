import { useParams } from "react-router"
import { ChatList } from "./ChatList"
import { Start } from "./Start"
import { Thread } from "./Thread"

export default function ChatPage() {
  const { id } = useParams()
  return (
    <div className={id ? "app chat has-thread" : "app chat"}>
      <ChatList current={id} />
      {id ? <Thread key={id} id={id} /> : <Start />}
    </div>
  )
}
