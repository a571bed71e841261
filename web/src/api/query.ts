// Reads that more than one room needs.
import { infiniteQueryOptions, queryOptions, useMutation, useQuery } from "@tanstack/react-query"
import { ApiProblem, api, body } from "./client"
import { cache } from "./connection"
import { keys } from "./keys"
import type { Question, RuleBody, Terminal } from "./model"
import { forgetSession, hasSession } from "./signed-in"

export const setupQuery = queryOptions({ queryKey: keys.setup, queryFn: () => body(api.GET("/api/v1/setup")) })

/** Who is signed in; null when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: keys.session,
  staleTime: 60_000,
  queryFn: async () => {
    if (!hasSession()) return null
    try {
      return await body(api.GET("/api/v1/session"))
    } catch (cause) {
      if (cause instanceof ApiProblem && cause.status === 401) {
        forgetSession()
        return null
      }
      throw cause
    }
  },
})

export const waitingQuery = queryOptions({
  queryKey: keys.approvalList("waiting"),
  queryFn: async () => (await body(api.GET("/api/v1/approvals", { params: { query: { state: "waiting", limit: 200 } } }))).items,
})

export const approvalQuery = (id: string) =>
  queryOptions({
    queryKey: keys.approval(id),
    queryFn: () => body(api.GET("/api/v1/approvals/{id}", { params: { path: { id } } })),
    initialData: () => cache.getQueryData<Question[]>(keys.approvalList("waiting"))?.find((it) => it.id === id),
    initialDataUpdatedAt: () => cache.getQueryState(keys.approvalList("waiting"))?.dataUpdatedAt,
  })

export const chatsQuery = infiniteQueryOptions({
  queryKey: keys.chats,
  queryFn: ({ pageParam }) => body(api.GET("/api/v1/chats", { params: { query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
  initialPageParam: "",
  getNextPageParam: (last) => last.next_cursor ?? undefined,
})

export const chatQuery = (id: string) =>
  queryOptions({ queryKey: keys.chat(id), queryFn: () => body(api.GET("/api/v1/chats/{id}", { params: { path: { id } } })) })

/** What was said in a chat, the newest page first. */
export const messagesQuery = (chat: string) =>
  infiniteQueryOptions({
    queryKey: keys.messages(chat),
    queryFn: ({ pageParam }) =>
      body(api.GET("/api/v1/chats/{id}/messages", { params: { path: { id: chat }, query: pageParam ? { cursor: pageParam } : {} } })),
    initialPageParam: "",
    getNextPageParam: (newer) => newer.next_cursor ?? undefined,
  })

export const providersQuery = queryOptions({
  queryKey: keys.providers,
  queryFn: async () => (await body(api.GET("/api/v1/providers"))).items,
})

/** The machines that commands and terminals can be sent to, the one of this service first. */
export const hostsQuery = queryOptions({ queryKey: keys.hosts, queryFn: () => body(api.GET("/api/v1/hosts")) })

export const openTerminalsQuery = queryOptions({
  queryKey: keys.terminalList("open"),
  queryFn: async () => (await body(api.GET("/api/v1/terminals", { params: { query: { state: "open", limit: 100 } } }))).items,
})

/** Whether a program in it waits for a password, which nobody but the owner may type. */
export const asksPassword = ({ state, waits }: Terminal): boolean => state === "running" && waits === "password"

/** What the open terminals want of the owner: how many ask for a password, how many of the owner's the AI types into. */
export function useTerminalSigns(): { asking: number; driven: number } {
  const open = useQuery(openTerminalsQuery).data ?? []
  const driven = open.filter(({ kind, state, driver }) => kind === "owner" && state === "running" && driver.by === "ai")
  return { asking: open.filter(asksPassword).length, driven: driven.length }
}

export const useWaiting = (): Question[] => useQuery(waitingQuery).data ?? []

export interface Decision {
  approval: Question
  decision: "allow_once" | "allow_rule" | "edit" | "deny"
  reason?: string
  /** With `edit`: the words that shall count. */
  command?: string
  /** With `allow_rule`: the rule, and whether the chat goes into auto mode. */
  rule?: RuleBody
  auto?: boolean
}

/** Answers an approval. Whatever the outcome, the lists are fetched again: the first answer may have been another's.
 * `mine` hears how far it came, from before it is sent: the fact may be here sooner than the answer to the request. */
export function useDecision(mine: (id: string, far: "sent" | "counts" | undefined) => void) {
  return useMutation({
    onMutate: ({ approval, decision }: Decision) => {
      if (decision !== "edit") mine(approval.id, "sent")
    },
    onError: (_error, { approval }) => mine(approval.id, undefined),
    mutationFn: ({ approval, decision, reason, command, rule, auto }: Decision) =>
      body(
        api.POST("/api/v1/approvals/{id}/decision", {
          params: { path: { id: approval.id } },
          body: { decision, digest: approval.digest, nonce: approval.nonce, ...(reason ? { reason } : {}), ...(command ? { command } : {}), ...(rule ? { rule, auto: auto === true } : {}) },
        }),
      ),
    onSuccess: (decided, { decision }) => {
      if (decision !== "edit") mine(decided.id, "counts")
      cache.setQueryData(keys.approval(decided.id), decided)
    },
    onSettled: (_data, _error, { approval }) =>
      Promise.all([
        cache.invalidateQueries({ queryKey: keys.approvals }),
        ...(approval.chat_id ? [cache.invalidateQueries({ queryKey: keys.messages(approval.chat_id) })] : []),
      ]),
  })
}

/** Gives the password once more, and then does what it was asked for. */
export const useReauth = (done: () => void) =>
  useMutation({
    mutationFn: (password: string) => body(api.POST("/api/v1/session/reauth", { body: { password } })),
    onSuccess: done,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.session }),
  })

/** The API wants the password once more before it does this. */
export const wantsReauth = (problem: ApiProblem): boolean => problem.code === "reauth_required"
