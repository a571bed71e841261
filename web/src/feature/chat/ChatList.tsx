import { useInfiniteQuery } from "@tanstack/react-query"
import { useState } from "react"
import { Link } from "react-router"
import { asProblem } from "../../api/client"
import { type Chat, isActive } from "../../api/model"
import { chatsQuery } from "../../api/query"
import { type Format, useFormat, useText } from "../../i18n"
import type { Messages } from "../../i18n/en"
import { paths } from "../../nav/paths"
import { Icon } from "../../ui/Icon"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"

/** Chats in groups of one calendar day, newest first, as the server sorts them. */
export function byDay(chats: readonly Chat[], now: number, format: Format, text: Messages): { title: string; chats: Chat[] }[] {
  const today = format.dayKey(now)
  const yesterday = format.dayKey(now - 86_400_000)
  const groups = new Map<string, { title: string; chats: Chat[] }>()
  for (const chat of chats) {
    const key = format.dayKey(chat.updated_at)
    const title = key === today ? text.chat.today : key === yesterday ? text.chat.yesterday : format.day(chat.updated_at)
    const group = groups.get(key) ?? { title, chats: [] }
    group.chats.push(chat)
    groups.set(key, group)
  }
  return [...groups.values()]
}

export function ChatList({ current }: { current: string | undefined }) {
  const text = useText()
  const format = useFormat()
  const [words, setWords] = useState("")
  const list = useInfiniteQuery(chatsQuery)
  const chats = list.data?.pages.flatMap((page) => page.items) ?? []
  const wanted = words.trim().toLocaleLowerCase()
  const shown = wanted === "" ? chats : chats.filter((chat) => `${chat.title} ${chat.last_text}`.toLocaleLowerCase().includes(wanted))
  return (
    <aside className="list" aria-label={text.chat.title}>
      <div className="top">
        <h2>{text.chat.title}</h2>
        <Link className="btn sm end new" to={paths.chats}>
          <Icon name="plus" size={16} />
          {text.chat.new}
        </Link>
      </div>
      {chats.length > 3 ? (
        <label className="find">
          <span className="vh">{text.chat.find}</span>
          <Icon name="find" />
          <input className="field" type="search" dir={words ? "auto" : undefined} placeholder={text.chat.find} value={words} onChange={(event) => setWords(event.target.value)} />
        </label>
      ) : null}
      <nav aria-label={text.chat.list}>
        {list.isPending ? <Loading /> : null}
        <ProblemNote problem={list.error && !list.data ? asProblem(list.error) : null} />
        {list.data && shown.length === 0 ? <p className="meta empty">{wanted ? text.chat.noneFound : text.chat.none}</p> : null}
        {byDay(shown, list.dataUpdatedAt, format, text).map((group) => (
          <section key={group.title}>
            <h3>{group.title}</h3>
            <ul>
              {group.chats.map((chat) => (
                <li key={chat.id}>
                  <Row chat={chat} current={chat.id === current} />
                </li>
              ))}
            </ul>
          </section>
        ))}
        {list.hasNextPage && !wanted ? (
          <button type="button" className="btn sm bare more" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {text.common.more}
          </button>
        ) : null}
      </nav>
    </aside>
  )
}

function Row({ chat, current }: { chat: Chat; current: boolean }) {
  const text = useText()
  const format = useFormat()
  const state = chat.last_run?.state
  const live = state !== undefined && isActive(state)
  return (
    <Link className={live ? "rail live" : "rail"} data-by={live ? "ai" : chat.planned_at ? "sched" : "you"} to={paths.chat(chat.id)} aria-current={current ? "page" : undefined}>
      <span className="row">
        <b className="ell">
          <bdi>{chat.title || text.chat.untitled}</bdi>
        </b>
        {chat.waiting ? (
          <span className="lamp lit end">
            <span className="vh">{text.chat.waits}</span>
          </span>
        ) : null}
      </span>
      <span className="row meta">
        <span className="ell">
<bdi>{live ? text.run[state] : chat.planned_at ? text.task.begins(format.short(chat.planned_at)) : state === "failed" ? text.run[state] : (chat.last_text || (state ? text.run[state] : ""))}</bdi>
</span>
        {chat.cost_usd > 0 ? <span className="end m"><bdi>{chat.cost_usd.toFixed(2)}</bdi></span> : null}
      </span>
    </Link>
  )
}
