import { useMutation, useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { api, asProblem, body } from "../../api/client"
import { cache } from "../../api/connection"
import { keys } from "../../api/keys"
import type { Device } from "../../api/model"
import { deviceKind, devicesQuery, forgetDevice, ownDevice, pushSupport, subscribe } from "../../api/push"
import { useFormat, useText } from "../../i18n"
import { Confirm } from "../../ui/Confirm"
import { Field } from "../../ui/Field"
import { Loading } from "../../ui/Loading"
import { ProblemNote } from "../../ui/Problem"

const refresh = () => cache.invalidateQueries({ queryKey: keys.devices })

/** The devices that are notified, and making this one of them. */
export function Notifications() {
  const text = useText()
  const devices = useQuery(devicesQuery)
  const [support, setSupport] = useState(pushSupport)
  const own = devices.data?.items.find((device) => device.id === ownDevice())
  const key = devices.data?.public_key ?? undefined
  const join = useMutation({
    mutationFn: (publicKey: string) => subscribe(publicKey, text.push.device[deviceKind()]),
    onSettled: () => {
      setSupport(pushSupport())
      return refresh()
    },
  })
  const why = support !== "ready" ? text.push[support] : devices.data && key === undefined ? text.push.notReady : undefined
  return (
    <section aria-labelledby="notifications">
      <h2 id="notifications">
        {text.push.title}
        {own || why !== undefined ? null : (
          <button type="button" className="btn sm end" disabled={key === undefined || join.isPending} onClick={() => key !== undefined && join.mutate(key)}>
            {text.push.on}
          </button>
        )}
      </h2>
      <p className="meta under">{text.push.lead}</p>
      {why === undefined ? null : <p className="note">{why}</p>}
      <ProblemNote problem={join.error ? asProblem(join.error) : devices.error && !devices.data ? asProblem(devices.error) : null} />
      {devices.isPending ? <Loading /> : null}
      {devices.data?.items.length === 0 ? <p className="meta empty">{text.push.none}</p> : null}
      <ul>
        {devices.data?.items.map((device) => (
          <li key={device.id} className="item">
            <Row device={device} isOwn={device.id === own?.id} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Row({ device, isOwn }: { device: Device; isOwn: boolean }) {
  const text = useText()
  const format = useFormat()
  const [name, setName] = useState<string>()
  const path = { params: { path: { id: device.id } } }
  const rename = useMutation({
    mutationFn: (wanted: string) => body(api.PATCH("/api/v1/push/devices/{id}", { ...path, body: { name: wanted } })),
    onSuccess: () => setName(undefined),
    onSettled: refresh,
  })
  const remove = useMutation({
    mutationFn: async () => {
      await body(api.DELETE("/api/v1/push/devices/{id}", path))
      await forgetDevice(device.id)
    },
    onSettled: refresh,
  })
  const test = useMutation({ mutationFn: () => body(api.POST("/api/v1/push/devices/{id}/test", path)) })
  const failed = remove.error ?? rename.error ?? test.error
  return (
    <>
      <div className="item-head">
        <b>
          <bdi>{device.name}</bdi>
        </b>
        {isOwn ? <span className="tag">{text.push.thisDevice}</span> : null}
        <span className="item-acts end">
          <button type="button" className="btn sm" disabled={test.isPending} onClick={() => test.mutate()}>
            {text.push.test}
          </button>
          <button type="button" className="btn sm bare" aria-expanded={name !== undefined} onClick={() => setName(name === undefined ? device.name : undefined)}>
            {text.push.rename}
          </button>
          <Confirm label={isOwn ? text.push.off : text.common.remove} question={text.push.removeAsk(device.name)} busy={remove.isPending} onYes={() => remove.mutate()} />
        </span>
      </div>
      <p className="meta">
        <bdi className="m">{device.service}</bdi> · {device.sent_at ? text.push.lastSent(format.short(device.sent_at)) : text.push.neverSent}
      </p>
      {name === undefined ? null : (
        <form
          className="inset stack"
          onSubmit={(event) => {
            event.preventDefault()
            rename.mutate(name.trim())
          }}
        >
          <Field label={text.push.name} required maxLength={80} value={name} onValue={setName} />
          <div className="acts">
            <button type="submit" className="btn ink" disabled={rename.isPending || name.trim() === ""}>
              {text.common.save}
            </button>
          </div>
        </form>
      )}
      {device.failure ? <p className="note">{text.push.failed(device.failure)}</p> : null}
      {test.isSuccess ? (
        <p className="note good" role="status">
          {text.push.testSent}
        </p>
      ) : null}
      <ProblemNote problem={failed ? asProblem(failed) : null} />
    </>
  )
}
