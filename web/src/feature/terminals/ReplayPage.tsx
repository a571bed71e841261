import { useQuery } from "@tanstack/react-query"
import { useEffect, useMemo, useRef, useState } from "react"
import { Link, useParams } from "react-router"
import { asProblem } from "../../api/client"
import { useFormat, useText } from "../../i18n"
import { castPath, paths } from "../../nav/paths"
import { clockText } from "../../ui/countdown"
import { Icon } from "../../ui/Icon"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { type Cast, readCast } from "../../ui/terminal/cast"
import { useLook } from "../../ui/terminal/look"
import { Player } from "../../ui/terminal/player"
import { useTitle } from "../../ui/title"
import { castQuery, terminalQuery } from "./api"
import { nameOf } from "./name"
import "@xterm/xterm/css/xterm.css"

/** Seconds to which a longer pause is cut. */
const PAUSE = 2

/** The recording of one terminal, from its first byte on. */
export default function ReplayPage() {
  const text = useText()
  const { id = "" } = useParams()
  const terminal = useQuery(terminalQuery(id)).data
  const recording = useQuery(castQuery(id))
  const cast = useMemo(() => (recording.data === undefined ? undefined : readCast(recording.data, PAUSE)), [recording.data])
  const name = terminal ? nameOf(terminal, text) : ""
  useTitle(text.terminal.replayOf(name))
  return (
    <main id="content" className="app terms replay">
      <header className="top">
        <Link className="later" to={paths.terminal(id)} aria-label={text.terminal.backTo}>
          <Icon name="back" />
        </Link>
        <h1 className="ell">
          {text.terminal.replay} <bdi className="m">{name}</bdi>
        </h1>
        <a className="btn sm end" href={castPath(id)} download={`${id}.cast`}>
          {text.terminal.download}
        </a>
      </header>
      <ProblemNote problem={recording.error ? asProblem(recording.error) : null} />
      {recording.isPending ? <Loading /> : null}
      {cast ? <Playing cast={cast} /> : null}
    </main>
  )
}

function Playing({ cast }: { cast: Cast }) {
  const text = useText()
  const host = useRef<HTMLDivElement>(null)
  const player = useRef<Player>(null)
  const look = useLook()
  const [at, setAt] = useState(cast.length)
  const [isPlaying, setPlaying] = useState(false)
  const [speed, setSpeed] = useState(1)

  useEffect(() => {
    let isGone = false
    const start = () => {
      if (isGone || !host.current) return
      player.current = new Player(host.current, cast, look)
      player.current.seek(cast.length)
    }
    const family = host.current ? getComputedStyle(host.current).fontFamily : "monospace"
    void document.fonts.load(`14px ${family}`).then(start, start)
    return () => {
      isGone = true
      player.current?.dispose()
      player.current = null
    }
  }, [cast, look])

  useEffect(() => {
    if (!isPlaying) return undefined
    let last = performance.now()
    let frame = requestAnimationFrame(function step(now) {
      const passed = ((now - last) / 1000) * speed
      last = now
      setAt((old) => {
        const next = Math.min(cast.length, old + passed)
        if (next >= cast.length) setPlaying(false)
        return next
      })
      frame = requestAnimationFrame(step)
    })
    return () => cancelAnimationFrame(frame)
  }, [isPlaying, speed, cast.length])

  useEffect(() => player.current?.seek(at), [at])

  const play = () => {
    if (!isPlaying && at >= cast.length) setAt(0)
    setPlaying(!isPlaying)
  }
  return (
    <>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard */}
      <div className="vt" data-palette={look.palette} dir="ltr" role="group" aria-label={text.terminal.screen} tabIndex={0}>
        <div className="vt-host" ref={host} />
      </div>
      <div className="scrub" dir="ltr" role="group" aria-label={text.terminal.replay}>
        <button type="button" className="btn ink" onClick={play}>
          {isPlaying ? text.terminal.pause : text.terminal.play}
        </button>
        <bdi className="m">{clockText(Math.floor(at))}</bdi>
        <input type="range" min={0} max={cast.length} step="any" value={at} aria-label={text.terminal.moment} aria-valuetext={clockText(Math.floor(at))} onChange={(event) => setAt(Number(event.target.value))} />
        <bdi className="m muted">{clockText(Math.ceil(cast.length))}</bdi>
        <button type="button" className="btn sm" onClick={() => setSpeed(speed >= 8 ? 1 : speed * 2)}>
          <bdi>{speed}×</bdi>
          <span className="vh">{text.terminal.speed}</span>
        </button>
      </div>
      <Markers cast={cast} onGo={setAt} />
    </>
  )
}

function Markers({ cast, onGo }: { cast: Cast; onGo: (at: number) => void }) {
  const text = useText()
  const format = useFormat()
  if (cast.markers.length === 0) return null
  return (
    <section className="cast-marks" aria-label={text.terminal.markers}>
      <ol>
        {cast.markers.map((marker, nth) => (
          <li key={`${nth}`}>
            <button type="button" className="link" onClick={() => onGo(marker.at)}>
              <bdi className="m muted">{clockText(Math.floor(marker.at))}</bdi> <code>{marker.label || format.number(nth + 1)}</code>
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}
