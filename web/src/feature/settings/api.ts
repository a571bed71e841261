// Access tokens.
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

export const useTokenMode = (id: string) =>
  useMutation({
    mutationFn: (mode: Mode) => body(api.PUT("/api/v1/tokens/{id}/mode", { params: { path: { id } }, body: { mode } })),
    onSettled: refresh,
  })
