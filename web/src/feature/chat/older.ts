import { type RefObject, useEffect, useState } from "react"
import { useAnchor } from "./anchor"

const NEAR = 200

/** What this needs of a query that loads page by page, the newest first. */
interface Pages {
  data: { pages: readonly unknown[] } | undefined
  hasNextPage: boolean
  isFetching: boolean
  isFetchNextPageError: boolean
  fetchNextPage: () => unknown
}

/** Loads what was said before when the reader comes near the top, and keeps in its place what is being read. */
export function useOlder(box: RefObject<HTMLElement | null>, list: Pages): { onScroll: () => void; load: () => void } {
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = list
  const pages = list.data?.pages.length ?? 0
  const [wanted, setWanted] = useState(0)
  const keep = useAnchor(box)
  useEffect(() => {
    // Never beside another fetch: whichever ends last would overwrite what the other one brought.
    if (pages > 0 && pages < wanted && hasNextPage && !isFetching && !isFetchNextPageError) fetchNextPage()
  }, [pages, wanted, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage])
  const load = () => {
    if (isFetchNextPageError && !isFetching) fetchNextPage()
    else setWanted(pages + 1)
  }
  const onScroll = () => {
    keep()
    if (hasNextPage && !isFetchNextPageError && pages >= wanted && (box.current?.scrollTop ?? NEAR) < NEAR) load()
  }
  return { onScroll, load }
}
