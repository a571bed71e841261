// Reads and writes of one chat.
import { type InfiniteData, queryOptions, useMutation } from "@tanstack/react-query"
import { useRef } from "react"
import { api, body, freshKey } from "../../api/client"
import { cache } from "../../api/connection"
import { keys } from "../../api/keys"
import type { Message, MessagePage } from "../../api/model"

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: keys.run(id),
    enabled: id !== "",
    queryFn: () => body(api.GET("/api/v1/runs/{id}", { params: { path: { id } } })),
  })

/** What is loaded of a chat: the newest page first. */
export type MessagePages = InfiniteData<MessagePage>

/** Everything that is loaded, in the order in which it was said. */
export const inOrder = (known: MessagePages): Message[] => known.pages.toReversed().flatMap((page) => page.items)

/** The same pages with a message at the end, unless it is there already. */
export function withMessage(known: MessagePages, message: Message): MessagePages {
  const [newest, ...older] = known.pages
  if (!newest || newest.items.some((it) => it.id === message.id)) return known
  return { ...known, pages: [{ ...newest, items: [...newest.items, message] }, ...older] }
}

/** Sends a message, in a new chat if there is none. A second try of the same words is the same message. */
export function useSend(chat: string | undefined, done: (chat: string) => void) {
  const keyed = useRef({ text: "", key: "", chat })
  return useMutation({
    mutationFn: async (text: string) => {
      if (keyed.current.text !== text || (chat && keyed.current.chat !== chat)) keyed.current = { text, key: freshKey(), chat }
      keyed.current.chat ??= (await body(api.POST("/api/v1/chats", { body: {} }))).id
      const id = keyed.current.chat
      const sent = await body(
        api.POST("/api/v1/chats/{id}/messages", {
          params: { path: { id } },
          body: { text },
          headers: { "Idempotency-Key": keyed.current.key },
        }),
      )
      return { id, message: sent.message }
    },
    onSuccess: ({ id, message }) => {
      keyed.current = { text: "", key: "", chat }
      cache.setQueryData<MessagePages>(keys.messages(id), (known) => known && withMessage(known, message))
      done(id)
    },
    onSettled: () => Promise.all([cache.invalidateQueries({ queryKey: keys.chats }), ...(chat ? [cache.invalidateQueries({ queryKey: keys.chat(chat) })] : [])]),
  })
}

export const useStop = () =>
  useMutation({
    mutationFn: (run: string) => body(api.POST("/api/v1/runs/{id}/stop", { params: { path: { id: run } } })),
    onSettled: (_data, _error, run) => cache.invalidateQueries({ queryKey: keys.run(run) }),
  })

export const useRename = (id: string) =>
  useMutation({
    mutationFn: (title: string) => body(api.PATCH("/api/v1/chats/{id}", { params: { path: { id } }, body: { title } })),
    onSuccess: (chat) => cache.setQueryData(keys.chat(id), chat),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.chats }),
  })

export const useRemove = (id: string, done: () => void) =>
  useMutation({
    mutationFn: () => body(api.DELETE("/api/v1/chats/{id}", { params: { path: { id } } })),
    onSuccess: done,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.chats }),
  })
