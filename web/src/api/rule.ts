// Rules and modes: what the owner allows beforehand.
import { queryOptions, useMutation } from "@tanstack/react-query"
import { api, body, freshKey } from "./client"
import { cache } from "./connection"
import { keys } from "./keys"
import type { Mode, Rule, RuleBody } from "./model"

export const rulesQuery = queryOptions({ queryKey: keys.rules, queryFn: async () => (await body(api.GET("/api/v1/rules"))).items })

export const suggestionsQuery = queryOptions({
  queryKey: keys.suggestions,
  queryFn: async () => (await body(api.GET("/api/v1/rules/suggestions"))).items,
})

export const ruleQuery = (id: string) =>
  queryOptions({ queryKey: keys.rule(id), queryFn: () => body(api.GET("/api/v1/rules/{id}", { params: { path: { id } } })) })

/** Which commands of the past a draft would have allowed. */
export const previewQuery = (draft: RuleBody) =>
  queryOptions({ queryKey: keys.preview(draft), staleTime: 60_000, queryFn: () => body(api.POST("/api/v1/rules/preview", { body: draft })) })

const heard = () => cache.invalidateQueries({ queryKey: keys.rules })

export const useAddRule = (done: () => void) =>
  useMutation({
    mutationFn: (draft: RuleBody) => body(api.POST("/api/v1/rules", { body: draft, headers: { "Idempotency-Key": freshKey() } })),
    onSuccess: done,
    onSettled: heard,
  })

export const useChangeRule = (rule: Rule, done: () => void) =>
  useMutation({
    mutationFn: (draft: RuleBody) => body(api.PUT("/api/v1/rules/{id}", { params: { path: { id: rule.id } }, body: { version: rule.version, rule: draft } })),
    onSuccess: done,
    onSettled: heard,
  })

export const useRevokeRule = () =>
  useMutation({
    mutationFn: (id: string) => body(api.DELETE("/api/v1/rules/{id}", { params: { path: { id } } })),
    onSettled: heard,
  })

export const useSetMode = (chat: string, done: () => void) =>
  useMutation({
    mutationFn: ({ mode, minutes }: { mode: Mode; minutes?: number }) =>
      body(api.PUT("/api/v1/chats/{id}/mode", { params: { path: { id: chat } }, body: { mode, ...(minutes ? { minutes } : {}) } })),
    onSuccess: (fresh) => {
      cache.setQueryData(keys.chat(chat), fresh)
      done()
    },
    onSettled: () => cache.invalidateQueries({ queryKey: keys.chats }),
  })

/** The fields of a rule that the owner chooses. */
export const bodyOf = (rule: Pick<Rule, "program" | "words" | "open" | "folder" | "scope" | "until" | "times">): RuleBody => ({
  program: rule.program,
  words: rule.words,
  open: rule.open,
  folder: rule.folder,
  chat_id: rule.scope.where === "chat" ? rule.scope.chat : null,
  until: rule.until ?? null,
  times: rule.times ?? null,
})
