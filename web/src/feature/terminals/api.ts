// Reads and writes of terminals.
import { infiniteQueryOptions, queryOptions, useMutation } from "@tanstack/react-query"
import { ask, api, body } from "../../api/client"
import { cache } from "../../api/connection"
import { keys } from "../../api/keys"
import type { Terminal, TerminalSize } from "../../api/model"
import { castPath } from "../../nav/paths"

export const endedQuery = infiniteQueryOptions({
  queryKey: keys.terminalList("ended"),
  queryFn: ({ pageParam }) =>
    body(api.GET("/api/v1/terminals", { params: { query: { state: "ended", limit: 30, ...(pageParam ? { cursor: pageParam } : {}) } } })),
  initialPageParam: "",
  getNextPageParam: (last) => last.next_cursor ?? undefined,
})

export const terminalQuery = (id: string) =>
  queryOptions({
    queryKey: keys.terminal(id),
    queryFn: () => body(api.GET("/api/v1/terminals/{id}", { params: { path: { id } } })),
  })

/** Whose the keyboard was, and what was said when it was handed over. */
export const historyQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.terminal(id), "history"],
    queryFn: () => body(api.GET("/api/v1/terminals/{id}/history", { params: { path: { id } } })),
  })

/** Runs to which the keyboard could be handed. */
export const openRunsQuery = queryOptions({
  queryKey: [...keys.runs, "open"],
  queryFn: async () => (await body(api.GET("/api/v1/runs", { params: { query: { state: "open", limit: 20 } } }))).items,
})

const keep = (terminal: Terminal) => {
  cache.setQueryData(keys.terminal(terminal.id), terminal)
  return cache.invalidateQueries({ queryKey: keys.terminals })
}

/** The size of a new terminal until its page has measured itself. */
const FIRST: TerminalSize = { columns: 80, rows: 24 }

export const useOpen = (done: (terminal: Terminal) => void) =>
  useMutation({
    mutationFn: (from: { cwd?: string; host?: string }) => body(api.POST("/api/v1/terminals", { body: { size: FIRST, ...from } })),
    onSuccess: async (terminal) => {
      await keep(terminal)
      done(terminal)
    },
  })

export const useRenameTerminal = (id: string) =>
  useMutation({
    mutationFn: (name: string) => body(api.PATCH("/api/v1/terminals/{id}", { params: { path: { id } }, body: { name } })),
    onSuccess: keep,
  })

export const useClose = (id: string) =>
  useMutation({ mutationFn: () => body(api.POST("/api/v1/terminals/{id}/close", { params: { path: { id } } })), onSuccess: keep })

export const useTake = (id: string) =>
  useMutation({ mutationFn: () => body(api.POST("/api/v1/terminals/{id}/take", { params: { path: { id } } })), onSuccess: keep })

export interface Handing {
  run: string
  minutes: number
  note: string
}

export const useHand = (id: string) =>
  useMutation({
    mutationFn: ({ run, minutes, note }: Handing) =>
      body(api.POST("/api/v1/terminals/{id}/hand", { params: { path: { id } }, body: { run_id: run, minutes, ...(note ? { note } : {}) } })),
    onSuccess: keep,
  })

/** Answers a password prompt. The words are kept nowhere in this page once they are sent. */
export const useSecret = (id: string) =>
  useMutation({
    mutationFn: async (secret: string) => {
      await api.POST("/api/v1/terminals/{id}/secret", { params: { path: { id } }, body: { text: secret } })
    },
    gcTime: 0,
  })

export const searchQuery = (id: string, words: string) =>
  queryOptions({
    queryKey: [...keys.terminal(id), "search", words],
    enabled: words !== "",
    queryFn: () => body(api.GET("/api/v1/terminals/{id}/search", { params: { path: { id }, query: { q: words, limit: 50 } } })),
  })

/** The recording of a terminal, as text. */
export const castQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.terminal(id), "cast"],
    staleTime: Infinity,
    gcTime: 0,
    queryFn: async ({ signal }) => (await ask(new Request(`${location.origin}${castPath(id)}`, { credentials: "same-origin", signal }))).text(),
  })
