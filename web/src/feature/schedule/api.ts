// What has begun, was missed or was taken back; what is planned is in api/task.
import { infiniteQueryOptions } from "@tanstack/react-query"
import { api, body } from "../../api/client"
import { keys } from "../../api/keys"

export const pastQuery = infiniteQueryOptions({
  queryKey: keys.taskList("past"),
  queryFn: ({ pageParam }) => body(api.GET("/api/v1/tasks", { params: { query: { state: "past", limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
  initialPageParam: "",
  getNextPageParam: (last) => last.next_cursor ?? undefined,
})
