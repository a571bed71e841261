import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { asProblem } from "../../api/client"
import type { Snapshot } from "../../api/model"
import { hostsQuery } from "../../api/query"
import { snapshotFolderQuery, snapshotsQuery, useSnapshot } from "../../api/undo"
import { useFormat, useText } from "../../i18n"
import { Icon } from "../../ui/Icon"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"
import { UndoPart } from "../../ui/Undo"

/** The snapshots of each machine's workspace. */
export function Snapshots() {
  const text = useText().undo
  const hosts = useQuery(hostsQuery).data?.items.filter(({ state }) => state === "online") ?? []
  const [chosen, setChosen] = useState<string>()
  const host = chosen ?? hosts[0]?.name
  const make = useSnapshot()
  return (
    <section aria-labelledby="snapshots">
      <h2>
        <span id="snapshots">{text.snapshots}</span>
        {host ? (
          <button type="button" className="btn sm end" disabled={make.isPending} onClick={() => make.mutate(host)}>
            <Icon name="plus" size={16} />
            {make.isPending ? text.making : text.now}
          </button>
        ) : null}
      </h2>
      <p className="meta under">{text.lead}</p>
      {hosts.length > 1 ? (
        <label className="field-row">
          <span className="meta">{text.machine}</span>{" "}
          <select className="field" value={host} onChange={(event) => setChosen(event.target.value)}>
            {hosts.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      ) : null}
      <ProblemNote problem={make.error ? asProblem(make.error) : null} />
      {host ? <OfHost key={host} host={host} /> : null}
    </section>
  )
}

function OfHost({ host }: { host: string }) {
  const text = useText().undo
  const format = useFormat()
  const list = useQuery(snapshotsQuery(host))
  const data = list.data
  return (
    <>
      <ProblemNote problem={list.error && !data ? asProblem(list.error) : null} />
      {list.isPending ? <Loading /> : null}
      {data ? (
        <p className="meta">
          {text.used(format.bytes(data.used), format.bytes(data.quota))}
          {data.every_s === 0 ? ` · ${text.off}` : ""}
        </p>
      ) : null}
      {data?.trouble ? (
        <p className="risk">
          {text.trouble} {text.why[data.trouble]}
        </p>
      ) : null}
      {data?.items.length === 0 ? <p className="meta empty">{text.none}</p> : null}
      <ul>
        {data?.items.map((snapshot) => (
          <li key={snapshot.id} className="item">
            <Row host={host} snapshot={snapshot} />
          </li>
        ))}
      </ul>
    </>
  )
}

function Row({ host, snapshot }: { host: string; snapshot: Snapshot }) {
  const text = useText().undo
  const format = useFormat()
  const [open, setOpen] = useState(false)
  return (
    <>
      <div className="item-head">
        <b>
          <time dateTime={snapshot.at}>{format.short(snapshot.at)}</time>
        </b>
        <span className="meta">
          {text.files(snapshot.files, format.number(snapshot.files))} · <bdi>{format.bytes(snapshot.bytes)}</bdi>
        </span>
        <span className="item-acts end">
          <button type="button" className="btn sm bare" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? text.close : text.open}
          </button>
        </span>
      </div>
      {open ? <Browse host={host} id={snapshot.id} /> : null}
    </>
  )
}

/** A folder of a snapshot, the way to it, and bringing it back. */
function Browse({ host, id }: { host: string; id: string }) {
  const text = useText().undo
  const format = useFormat()
  const [path, setPath] = useState("")
  const folder = useQuery(snapshotFolderQuery(host, id, path))
  const parts = path === "" ? [] : path.split("/")
  return (
    <div className="browse">
      <nav aria-label={text.workspace} className="crumbs">
        <button type="button" className="link" onClick={() => setPath("")}>
          {text.workspace}
        </button>
        {parts.map((part, at) => (
          <span key={parts.slice(0, at + 1).join("/")}>
            <span aria-hidden="true"> / </span>
            <button type="button" className="link" onClick={() => setPath(parts.slice(0, at + 1).join("/"))}>
              <bdi className="m">{part}</bdi>
            </button>
          </span>
        ))}
      </nav>
      <ProblemNote problem={folder.error ? asProblem(folder.error) : null} />
      {folder.isPending ? <Loading /> : null}
      {folder.data?.items.length === 0 ? <p className="meta">{text.folderEmpty}</p> : null}
      <ul>
        {folder.data?.items.map((name) => {
          const inside = path === "" ? name.name : `${path}/${name.name}`
          return (
            <li key={name.name} className="kept">
              <p>
                {name.kind === "folder" ? (
                  <button type="button" className="link" onClick={() => setPath(inside)}>
                    <bdi className="m">{name.name}/</bdi>
                  </button>
                ) : (
                  <bdi className="m">{name.name}</bdi>
                )}{" "}
                <span className="meta">
                  {name.kind === "file" ? <bdi>{format.bytes(name.bytes)}</bdi> : text.kind[name.kind]} · {format.short(name.changed_at)}
                </span>
              </p>
              {name.kind === "folder" ? null : <UndoPart of={{ of: "snapshot", snapshot: id, path: inside }} host={host} label={text.bring} />}
            </li>
          )
        })}
      </ul>
      {folder.data?.more ? <p className="meta">{text.folderMore}</p> : null}
      <UndoPart key={path} of={{ of: "snapshot", snapshot: id, path }} host={host} label={path === "" ? text.bringAll : text.bringFolder} />
    </div>
  )
}
