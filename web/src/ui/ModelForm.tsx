import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { asProblem } from "../api/client"
import type { Probe } from "../api/model"
import { useAddProvider, useDefaultProvider, useProbe } from "../api/provider"
import { providersQuery } from "../api/query"
import { useText } from "../i18n"
import { Claim } from "./Claim"
import { Field } from "./Field"
import { Loading } from "./Loading"
import { PRESET_NAMES, PRESETS, type Preset } from "./preset"
import { ProblemNote } from "./Problem"

/** Chooses a model: preset, address, key, one real test call. `onDone` once it is in use. */
export function ModelForm({ demo = false, onDone }: { demo?: boolean; onDone: () => void }) {
  const text = useText()
  const [preset, setPreset] = useState<Preset | "demo">(demo ? "demo" : "openai")
  const options: (Preset | "demo")[] = demo ? ["demo", ...PRESET_NAMES] : PRESET_NAMES
  return (
    <div className="stack">
      <fieldset className="picks">
        <legend>{text.model.provider}</legend>
        {options.map((it) => (
          <label key={it}>
            <input type="radio" name="preset" checked={it === preset} onChange={() => setPreset(it)} />
            <span>{text.model.presets[it]}</span>
          </label>
        ))}
      </fieldset>
      {preset === "demo" ? <Demo onDone={onDone} /> : <Server key={preset} preset={preset} onDone={onDone} />}
    </div>
  )
}

function Demo({ onDone }: { onDone: () => void }) {
  const text = useText()
  const providers = useQuery(providersQuery)
  const use = useDefaultProvider(onDone)
  const demo = providers.data?.find((it) => it.kind === "demo")
  return (
    <>
      <div className="note">
        <p>
          <b>{text.model.demoName}.</b> {text.model.demoLead}
        </p>
      </div>
      <ProblemNote problem={use.error ? asProblem(use.error) : providers.error ? asProblem(providers.error) : null} />
      <div className="acts">
        <button
          type="button"
          className="btn ink"
          disabled={use.isPending || providers.isPending}
          onClick={() => (demo && !demo.is_default ? use.mutate(demo.id) : onDone())}
        >
          {text.model.useDemo}
        </button>
      </div>
    </>
  )
}

function Server({ preset, onDone }: { preset: Preset; onDone: () => void }) {
  const text = useText()
  const start = PRESETS[preset]
  const [name, setName] = useState<string>(start.name)
  const [url, setUrl] = useState<string>(start.base_url)
  const [model, setModel] = useState<string>(start.model)
  const [key, setKey] = useState("")
  const probe = useProbe()
  const add = useAddProvider(onDone)
  const target = { base_url: url.trim(), model: model.trim(), ...(key.trim() ? { api_key: key.trim() } : {}) }
  const edit = (set: (value: string) => void) => (value: string) => {
    set(value)
    probe.forget()
  }
  const tested = probe.probe?.state === "ok"
  const save = () => add.mutate({ name: name.trim() || model.trim(), ...target })
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (tested) save()
        else probe.run(target)
      }}
    >
      {preset === "custom" ? <Field label={text.model.name} value={name} onValue={setName} maxLength={80} /> : null}
      <Field label={text.model.baseUrl} type="url" machine required value={url} onValue={edit(setUrl)} />
      <Field label={text.model.modelName} hint={text.model.modelHint} machine required value={model} onValue={edit(setModel)} />
      <Field
        label={start.needsKey ? text.model.key : text.model.keyOptional}
        hint={text.model.keyHint}
        type="password"
        autoComplete="off"
        machine
        required={start.needsKey}
        value={key}
        onValue={edit(setKey)}
      />
      {probe.running ? <Loading key={probe.since} say={text.model.testing} /> : null}
      {probe.probe ? <ProbeResult probe={probe.probe} /> : null}
      <ProblemNote problem={probe.problem ?? (add.error ? asProblem(add.error) : null)} />
      <div className="acts">
        <button type="submit" className="btn ink" disabled={probe.running || add.isPending}>
          {tested ? text.model.save : text.model.test}
        </button>
        {probe.probe?.state === "failed" ? (
          <button type="button" className="btn" disabled={add.isPending} onClick={save}>
            {text.model.saveAnyway}
          </button>
        ) : null}
      </div>
    </form>
  )
}

/** What the test call brought: the model's own words, or the cause and the next step. */
export function ProbeResult({ probe }: { probe: Probe }) {
  const text = useText()
  if (probe.state === "ok")
    return (
      <div className="note good" role="status">
        <p>
          <b>{text.model.testOk}</b>
          {probe.reply ? (
            <>
              : <Claim text={probe.reply} />
            </>
          ) : null}
        </p>
      </div>
    )
  const next: Record<string, string> = text.model.next
  return (
    <div className="note bad" role="alert">
      <p>
        <b>{text.model.testFailed}</b> {next[probe.code ?? ""] ?? probe.next_step ?? text.model.next.other}
      </p>
      {probe.detail ? <p className="meta">{probe.detail}</p> : null}
    </div>
  )
}
