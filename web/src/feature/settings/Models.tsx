import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { asProblem } from "../../api/client"
import type { Provider } from "../../api/model"
import { useDefaultProvider, useProbe, useRemoveProvider } from "../../api/provider"
import { providersQuery } from "../../api/query"
import { useFormat, useText } from "../../i18n"
import { Confirm } from "../../ui/Confirm"
import { Icon } from "../../ui/Icon"
import { Loading } from "../../ui/Loading"
import { ModelForm, ProbeResult } from "../../ui/ModelForm"
import { ProblemNote } from "../../ui/Problem"
import { Prices } from "./Prices"

export function Models() {
  const text = useText()
  const providers = useQuery(providersQuery)
  const [adding, setAdding] = useState(false)
  return (
    <section aria-labelledby="models">
      <h2 id="models">
        {text.settings.models}
        <button type="button" className="btn sm end" aria-expanded={adding} onClick={() => setAdding(!adding)}>
          <Icon name={adding ? "x" : "plus"} size={16} />
          {adding ? text.common.cancel : text.model.add}
        </button>
      </h2>
      {adding ? (
        <div className="inset">
          <ModelForm onDone={() => setAdding(false)} />
        </div>
      ) : null}
      <ProblemNote problem={providers.error && !providers.data ? asProblem(providers.error) : null} />
      {providers.isPending ? <Loading /> : null}
      <ul>
        {providers.data?.map((provider) => (
          <li key={provider.id} className="item">
            <Model provider={provider} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Model({ provider }: { provider: Provider }) {
  const text = useText()
  const format = useFormat()
  const [pricing, setPricing] = useState(false)
  const probe = useProbe()
  const use = useDefaultProvider()
  const remove = useRemoveProvider()
  const isDemo = provider.kind === "demo"
  const problem = probe.problem ?? (use.error ? asProblem(use.error) : remove.error ? asProblem(remove.error) : null)
  return (
    <>
      <div className="item-head">
        <b>
          <bdi>{isDemo ? text.model.demoName : provider.name}</bdi>
        </b>
        {provider.is_default ? <span className="tag">{text.model.isDefault}</span> : null}
        <span className="item-acts end">
          {provider.is_default ? null : (
            <button type="button" className="btn sm" disabled={use.isPending} onClick={() => use.mutate(provider.id)}>
              {text.model.makeDefault}
            </button>
          )}
          {isDemo ? null : (
            <>
              <button type="button" className="btn sm" disabled={probe.running} onClick={() => probe.run({ id: provider.id })}>
                {text.model.test}
              </button>
              <button type="button" className="btn sm" aria-haspopup="dialog" onClick={() => setPricing(true)}>
                {text.model.price}
              </button>
              <Confirm label={text.common.remove} question={text.model.removeAsk(provider.name)} busy={remove.isPending} onYes={() => remove.mutate(provider.id)} />
            </>
          )}
        </span>
      </div>
      {isDemo ? (
        <p className="meta">{text.model.demoLead}</p>
      ) : (
        <p className="meta">
          <code>{provider.model}</code> · <code>{provider.base_url}</code> · {provider.has_key ? text.model.hasKey : text.model.noKey} ·{" "}
          {provider.read_usd + provider.write_usd > 0 ? text.model.priced(format.money(provider.read_usd), format.money(provider.write_usd)) : text.model.noPrice}
        </p>
      )}
      {probe.running ? <Loading key={probe.since} say={text.model.testing} /> : null}
      {probe.probe ? <ProbeResult probe={probe.probe} /> : null}
      <ProblemNote problem={problem} />
      {pricing ? <Prices provider={provider} onClose={() => setPricing(false)} /> : null}
    </>
  )
}
