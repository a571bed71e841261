// Models: saving one, and the probe that really asks it something.
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { api, asProblem, body } from "./client"
import { cache } from "./connection"
import { keys } from "./keys"
import type { Probe, ProviderBody } from "./model"

const isOver = (probe: Probe | undefined) => probe?.state === "ok" || probe?.state === "failed"

const probeQuery = (id: string) =>
  queryOptions({
    queryKey: keys.probe(id),
    enabled: id !== "",
    queryFn: () => body(api.GET("/api/v1/probes/{id}", { params: { path: { id } } })),
    // The socket tells when it is over; asking as well keeps the wizard working where sockets are blocked.
    refetchInterval: (query) => (isOver(query.state.data) ? false : 800),
  })

export type ProbeTarget = { id: string } | Omit<ProviderBody, "name">

/** One test call: start it with `run`, then watch `probe` and `problem`. */
export function useProbe() {
  const [id, setId] = useState("")
  const [since, setSince] = useState(0)
  const start = useMutation({
    mutationFn: (target: ProbeTarget) => body(api.POST("/api/v1/providers/test", { body: target })),
    onSuccess: (probe) => {
      cache.setQueryData(keys.probe(probe.id), probe)
      setId(probe.id)
    },
  })
  const watch = useQuery(probeQuery(id))
  const probe = id === "" ? undefined : watch.data
  return {
    probe: isOver(probe) ? probe : undefined,
    since,
    running: start.isPending || (id !== "" && !isOver(probe) && !watch.error),
    problem: start.error ? asProblem(start.error) : watch.error ? asProblem(watch.error) : null,
    run: (target: ProbeTarget) => {
      setId("")
      setSince(Date.now())
      start.mutate(target)
    },
    forget: () => {
      setId("")
      start.reset()
    },
  }
}

const refresh = () => cache.invalidateQueries({ queryKey: keys.providers })

/** Saves a model and puts it in use. */
export function useAddProvider(done: () => void) {
  return useMutation({
    mutationFn: async (wanted: ProviderBody) => {
      const made = await body(api.POST("/api/v1/providers", { body: wanted }))
      await body(api.POST("/api/v1/providers/{id}/default", { params: { path: { id: made.id } } }))
    },
    onSuccess: done,
    onSettled: refresh,
  })
}

export function useDefaultProvider(done?: () => void) {
  return useMutation({
    mutationFn: (id: string) => body(api.POST("/api/v1/providers/{id}/default", { params: { path: { id } } })),
    ...(done ? { onSuccess: done } : {}),
    onSettled: refresh,
  })
}

/** What a model costs from now on. */
export function useSetPrice(done: () => void) {
  return useMutation({
    mutationFn: ({ id, ...price }: { id: string; read_usd: number; write_usd: number }) => body(api.PUT("/api/v1/providers/{id}/price", { params: { path: { id } }, body: price })),
    onSuccess: done,
    onSettled: refresh,
  })
}

export function useRemoveProvider() {
  return useMutation({
    mutationFn: (id: string) => body(api.DELETE("/api/v1/providers/{id}", { params: { path: { id } } })),
    onSettled: refresh,
  })
}
