import { type Ref, useEffect, useImperativeHandle, useRef, useState } from "react"
import { link } from "../../api/connection"
import type { Problem, Terminal } from "../../api/model"
import { useText } from "../../i18n"
import "@xterm/xterm/css/xterm.css"
import { type Attachment, attach } from "./attach"
import type { Arrow } from "./keys"
import { setLook, useLook, zoom } from "./look"
import { onPinch } from "./pinch"
import { Screen } from "./screen"

/** What stands beside a terminal and acts on it. */
export interface Handle {
  focus: () => void
  press: (data: string) => void
  arrow: (way: Arrow) => void
  find: (words: string, isBack: boolean) => void
  /** Whether a program has the whole screen. */
  isAside: () => boolean
}

interface Props {
  terminal: Terminal
  ref?: Ref<Handle>
  isCtrl?: boolean
  onReleased?: () => void
  onFound?: (at: number, of: number) => void
  onRefused?: (problem: Problem) => void
  /** Leaves the terminal by keyboard alone. */
  onLeave?: () => void
  /** Whether keys reach it. */
  onLine?: (isThere: boolean) => void
}

const SETTLE_MS = 80

/** A terminal, live: its bytes, its size, its keys. It stays left to right in every language. */
export function TerminalView({ terminal, ref, isCtrl = false, ...hear }: Props) {
  const text = useText()
  const look = useLook()
  const { id, driver } = terminal
  const isRunning = terminal.state === "running"
  const isDriving = driver.by === "owner"
  const box = useRef<HTMLDivElement>(null)
  const host = useRef<HTMLDivElement>(null)
  const gutter = useRef<HTMLDivElement>(null)
  const screen = useRef<Screen>(null)
  const line = useRef<Attachment>(null)
  const heard = useRef(hear)
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    heard.current = hear
  })

  useEffect(() => {
    let isGone = false
    const start = () => {
      if (isGone || !host.current || !gutter.current) return
      const shown = new Screen(host.current, gutter.current, useLook.getState(), {
        keys: (bytes) => line.current?.keys(bytes),
        again: () => line.current?.again(),
        leave: () => heard.current.onLeave?.(),
        zoom,
        released: () => heard.current.onReleased?.(),
        found: (at, of) => heard.current.onFound?.(at, of),
      })
      screen.current = shown
      line.current = attach(link, id, () => shown, {
        line: (isThere) => {
          heard.current.onLine?.(isThere)
          setOpen(isThere)
        },
        ended: () => undefined,
        refused: (problem) => heard.current.onRefused?.(problem),
      })
    }
    // The cells are measured once, and by the letters that will fill them.
    const family = host.current ? getComputedStyle(host.current).fontFamily : "monospace"
    void document.fonts.load(`14px ${family}`).then(start, start)
    return () => {
      isGone = true
      line.current?.leave()
      screen.current?.dispose()
      line.current = null
      screen.current = null
      setOpen(false)
    }
  }, [id])

  useEffect(() => {
    if (!screen.current || !isOpen) return
    screen.current.isDriving = isDriving
    screen.current.drive(isDriving ? "you" : "ai")
  }, [isDriving, isOpen])

  useEffect(() => {
    if (screen.current) screen.current.isCtrl = isCtrl
  }, [isCtrl])

  useEffect(() => screen.current?.look(look), [look])

  useEffect(() => {
    if (!box.current) return undefined
    return onPinch(box.current, () => useLook.getState().fontSize, (fontSize) => setLook({ fontSize }))
  }, [])

  // Whoever holds the keyboard decides the size: their page is the one it has to fit.
  const isFitting = isRunning && isDriving && terminal.kind === "owner"
  useEffect(() => {
    const it = box.current
    if (!it || !isOpen || !isFitting) return undefined
    let due: ReturnType<typeof setTimeout> | undefined
    const ask = () => {
      const size = screen.current?.fitting()
      const now = screen.current?.terminal
      if (size && now && (size.columns !== now.cols || size.rows !== now.rows)) line.current?.size(size)
    }
    const sized = new ResizeObserver(() => {
      clearTimeout(due)
      due = setTimeout(ask, SETTLE_MS)
    })
    sized.observe(it)
    return () => {
      clearTimeout(due)
      sized.disconnect()
    }
  }, [isOpen, isFitting, look.fontSize])

  useImperativeHandle(
    ref,
    () => ({
      focus: () => screen.current?.terminal.focus(),
      press: (data) => screen.current?.press(data),
      arrow: (way) => screen.current?.arrow(way),
      find: (words, isBack) => screen.current?.find(words, isBack),
      isAside: () => screen.current?.isAside ?? false,
    }),
    [],
  )

  return (
    <div className={isFitting ? "vt fits" : "vt"} data-palette={look.palette} dir="ltr" ref={box} role="group" aria-label={text.terminal.screen} aria-describedby={`${id}-leave`} aria-keyshortcuts="Control+Shift+M">
      <div className="vt-rail" ref={gutter} aria-hidden="true" />
      <div className="vt-host" ref={host} />
      <p className="vt-hint meta" id={`${id}-leave`} dir={document.documentElement.dir}>
        {text.terminal.leaveHint} <kbd dir="ltr">Ctrl+Shift+M</kbd>
      </p>
    </div>
  )
}
