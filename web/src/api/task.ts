// Planned work, and the stop of everything that begins by itself.
import { queryOptions, useMutation } from "@tanstack/react-query"
import { useRef } from "react"
import { api, body, freshKey } from "./client"
import { cache } from "./connection"
import { keys } from "./keys"
import type { Task, TaskBody } from "./model"

/** What has not begun yet, the soonest first. */
export const plannedQuery = queryOptions({
  queryKey: keys.taskList("planned"),
  queryFn: async () => (await body(api.GET("/api/v1/tasks", { params: { query: { state: "planned", limit: 200 } } }))).items,
})

const heard = () => Promise.all([cache.invalidateQueries({ queryKey: keys.tasks }), cache.invalidateQueries({ queryKey: keys.chats })])

/** Plans work. A second try of the same plan is the same task. */
export function usePlan(done: (task: Task) => void) {
  const keyed = useRef({ plan: "", key: "" })
  return useMutation({
    mutationFn: (draft: TaskBody) => {
      const plan = JSON.stringify(draft)
      if (keyed.current.plan !== plan) keyed.current = { plan, key: freshKey() }
      return body(api.POST("/api/v1/tasks", { body: draft, headers: { "Idempotency-Key": keyed.current.key } }))
    },
    onSuccess: (task) => {
      keyed.current = { plan: "", key: "" }
      done(task)
    },
    onSettled: heard,
  })
}

/** Begins it now instead of at its instant. */
export const useBegin = (done: () => void) =>
  useMutation({
    mutationFn: (id: string) => body(api.POST("/api/v1/tasks/{id}/begin", { params: { path: { id } } })),
    onSuccess: done,
    onSettled: heard,
  })

export const useTakeBack = (done: () => void) =>
  useMutation({
    mutationFn: (id: string) => body(api.DELETE("/api/v1/tasks/{id}", { params: { path: { id } } })),
    onSuccess: done,
    onSettled: heard,
  })

/** Whether everything is stopped, and since when. */
export const haltQuery = queryOptions({ queryKey: keys.halt, queryFn: () => body(api.GET("/api/v1/halt")) })

export const useHalt = () =>
  useMutation({
    mutationFn: (halted: boolean) => body(api.PUT("/api/v1/halt", { body: { halted } })),
    onSuccess: (fresh) => cache.setQueryData(keys.halt, fresh),
    onSettled: () => Promise.all([cache.invalidateQueries({ queryKey: keys.halt }), cache.invalidateQueries({ queryKey: keys.runs })]),
  })
