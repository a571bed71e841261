// Access tokens and machines.
import { queryOptions, useMutation } from "@tanstack/react-query"
import { api, body } from "../../api/client"
import { cache } from "../../api/connection"
import { keys } from "../../api/keys"
import type { Mode, Token } from "../../api/model"

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

/** What comes back is shown once and kept nowhere. */
export const useRegisterHost = () =>
  useMutation({
    mutationFn: (name: string) => body(api.POST("/api/v1/hosts", { body: { name } })),
    gcTime: 0,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.hosts }),
  })

export const useRevokeHost = () =>
  useMutation({
    mutationFn: (name: string) => body(api.DELETE("/api/v1/hosts/{name}", { params: { path: { name } } })),
    onSettled: () => Promise.all([cache.invalidateQueries({ queryKey: keys.hosts }), cache.invalidateQueries({ queryKey: keys.terminals })]),
  })

export const useTokenMode = (id: string) =>
  useMutation({
    mutationFn: (mode: Mode) => body(api.PUT("/api/v1/tokens/{id}/mode", { params: { path: { id } }, body: { mode } })),
    onSettled: refresh,
  })
