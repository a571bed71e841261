// The owner's settings, changed only on top of the version that was read.
import { queryOptions, useMutation } from "@tanstack/react-query"
import { api, asProblem } from "./client"
import { cache } from "./connection"
import { keys } from "./keys"
import type { Settings } from "./model"

interface Versioned {
  settings: Settings
  etag: string | null
}

export const settingsQuery = queryOptions({
  queryKey: keys.settings,
  queryFn: async (): Promise<Versioned> => {
    const { data, response } = await api.GET("/api/v1/settings")
    return { settings: data as Settings, etag: response.headers.get("ETag") }
  },
})

export function useChangeSettings() {
  return useMutation({
    mutationFn: async (change: Partial<Settings>): Promise<Versioned> => {
      const { etag } = await cache.query({ ...settingsQuery, staleTime: "static" })
      const { data, response } = await api.PATCH("/api/v1/settings", { body: change, headers: etag ? { "If-Match": etag } : {} })
      return { settings: data as Settings, etag: response.headers.get("ETag") }
    },
    onSuccess: (fresh) => {
      cache.setQueryData(keys.settings, fresh)
      return cache.invalidateQueries({ queryKey: keys.session })
    },
    onError: (cause) => (asProblem(cause).status === 412 ? cache.invalidateQueries({ queryKey: keys.settings }) : undefined),
  })
}
