// Undo and snapshots: what would come back, and bringing it back.
import { queryOptions, useMutation } from "@tanstack/react-query"
import { api, body, freshKey } from "./client"
import { cache } from "./connection"
import { keys } from "./keys"
import type { UndoOf } from "./model"

/** The id of what is undone. */
export const subjectOf = (of: UndoOf): string => (of.of === "exec" ? of.exec : of.of === "undo" ? of.undo : of.snapshot)

/** What was undone of one thing, the newest first. */
export const undosQuery = (of: string) =>
  queryOptions({ queryKey: keys.undosOf(of), queryFn: async () => (await body(api.GET("/api/v1/undos", { params: { query: { of, limit: 5 } } }))).items })

/** What an undo would do: asked anew each time, since files change behind our back. */
export const undoPreviewQuery = (of: UndoOf, host?: string) =>
  queryOptions({
    queryKey: keys.undoPreview(of, host),
    staleTime: 0,
    gcTime: 0,
    queryFn: () => body(api.POST("/api/v1/undos/preview", { body: { of, ...(host ? { host } : {}) } })),
  })

export interface WantedUndo {
  of: UndoOf
  host?: string
  digest: string
  take: number[]
  all: boolean
}

export const useUndo = (done: () => void) =>
  useMutation({
    mutationFn: ({ of, host, digest, take, all }: WantedUndo) =>
      body(
        api.POST("/api/v1/undos", {
          body: { of, digest, take, take_all: all, ...(host ? { host } : {}) },
          headers: { "Idempotency-Key": freshKey() },
        }),
      ),
    onSuccess: done,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.undos }),
  })

export const snapshotsQuery = (host: string) =>
  queryOptions({ queryKey: keys.snapshotsOf(host), queryFn: () => body(api.GET("/api/v1/snapshots", { params: { query: { host } } })) })

export const snapshotFolderQuery = (host: string, id: string, path: string) =>
  queryOptions({
    queryKey: keys.snapshotFolder(host, id, path),
    staleTime: Infinity,
    queryFn: () => body(api.GET("/api/v1/snapshots/{id}", { params: { path: { id }, query: { host, path } } })),
  })

export const useSnapshot = () =>
  useMutation({
    mutationFn: (host: string) => body(api.POST("/api/v1/snapshots", { body: { host } })),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.snapshots }),
  })
