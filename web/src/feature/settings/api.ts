// Access tokens, and the password asked again before what changes who can act.
import { queryOptions, useMutation } from "@tanstack/react-query"
import { api, type ApiProblem, body } from "../../api/client"
import { cache } from "../../api/connection"
import { keys } from "../../api/keys"
import type { Token } from "../../api/model"

export const tokensQuery = queryOptions({ queryKey: keys.tokens, queryFn: async () => (await body(api.GET("/api/v1/tokens"))).items })

const refresh = () => cache.invalidateQueries({ queryKey: keys.tokens })

export const useCreateToken = () =>
  useMutation({
    mutationFn: (wanted: { name: string; scopes: Token["scopes"]; expires_in_days: number }) => body(api.POST("/api/v1/tokens", { body: wanted })),
    onSettled: refresh,
  })

export const useRevokeToken = () =>
  useMutation({
    mutationFn: (id: string) => body(api.DELETE("/api/v1/tokens/{id}", { params: { path: { id } } })),
    onSettled: refresh,
  })

export const useReauth = (done: () => void) =>
  useMutation({
    mutationFn: (password: string) => body(api.POST("/api/v1/session/reauth", { body: { password } })),
    onSuccess: done,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.session }),
  })

/** The API wants the password once more before it does this. */
export const wantsReauth = (problem: ApiProblem): boolean => problem.code.includes("reauth")
