import { lazy, type PointerEvent, Suspense, useRef } from "react"
import { Outlet } from "react-router"
import { useText } from "../i18n"
import { NARROWEST, setDock, useDock, WIDEST } from "../ui/dock"
import { Loading } from "../ui/Loading"

// Its terminal weighs as much as the rest of the page: it comes when it is wanted.
const Dock = lazy(() => import("../feature/terminals/Dock").then(({ Dock }) => ({ default: Dock })))

/** A room with the dock beside it, or in its place where there is no room for two. */
export function Beside() {
  const text = useText()
  const { isOpen, size } = useDock()
  if (!isOpen)
    return (
      <div className="beside">
        <Outlet />
      </div>
    )
  return (
    <div className="beside open">
      <Outlet />
      <aside className="dock" aria-label={text.terminal.dock} style={{ "--dock-size": `${size}px` } as React.CSSProperties}>
        <Edge size={size} />
        <Suspense fallback={<Loading />}>
          <Dock />
        </Suspense>
      </aside>
    </div>
  )
}

const STEP = 32

/** The line between the two, which moves with the pointer and with the arrow keys. */
function Edge({ size }: { size: number }) {
  const text = useText()
  const start = useRef<{ at: number; size: number }>(undefined)
  const isMirrored = () => document.documentElement.dir === "rtl"
  const drag = (event: PointerEvent) => {
    if (!start.current) return
    const moved = start.current.at - event.clientX
    setDock({ size: start.current.size + (isMirrored() ? -moved : moved) })
  }
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- a separator that can be focused is a control
    <div
      className="dock-edge"
      role="separator"
      aria-orientation="vertical"
      aria-label={text.terminal.dockSize}
      aria-valuemin={NARROWEST}
      aria-valuemax={WIDEST}
      aria-valuenow={size}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the same
      tabIndex={0}
      onPointerDown={(event) => {
        // What it really takes, which may be less than is wanted.
        const width = event.currentTarget.parentElement?.clientWidth ?? size
        start.current = { at: event.clientX, size: width }
        event.currentTarget.setPointerCapture(event.pointerId)
      }}
      onPointerMove={drag}
      onPointerUp={() => (start.current = undefined)}
      onPointerCancel={() => (start.current = undefined)}
      onKeyDown={(event) => {
        const way = { ArrowLeft: 1, ArrowRight: -1 }[event.key]
        if (way === undefined) return
        event.preventDefault()
        setDock({ size: size + STEP * way * (isMirrored() ? -1 : 1) })
      }}
    />
  )
}
