// The application's one query cache and one socket.
import { QueryCache, QueryClient } from "@tanstack/react-query"
import { ApiProblem } from "./client"
import { keys } from "./keys"
import { forgetLive } from "./live"
import { makeLink } from "./socket"

let leave: () => void = () => undefined

/** What to do when the session turns out to be gone; the router says it once. */
export function onSignedOut(action: () => void): void {
  leave = action
}

const isSignedOut = (error: unknown) => error instanceof ApiProblem && error.status === 401

export const cache = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (isSignedOut(error) && query.queryKey[0] !== keys.session[0]) signedOut()
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // Only what may heal by itself is asked again: no answer, or a failure inside the server.
      retry: (tries, error) => error instanceof ApiProblem && (error.status === 0 || error.status >= 500) && tries < 2,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
})

export const link = makeLink(cache, () => signedOut())

export function signedOut(): void {
  link.stop()
  forgetLive()
  cache.clear()
  leave()
}
