import { useState } from "react"
import { asProblem } from "../../api/client"
import type { Provider } from "../../api/model"
import { useSetPrice } from "../../api/provider"
import { useText } from "../../i18n"
import { Field } from "../../ui/Field"
import { ProblemNote } from "../../ui/Problem"
import { Sheet } from "../../ui/Sheet"

const MOST = 10_000

/** What a model costs, as its provider's price list says. */
export function Prices({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  const text = useText()
  const [read, setRead] = useState(String(provider.read_usd))
  const [write, setWrite] = useState(String(provider.write_usd))
  const set = useSetPrice(onClose)
  const amount = { machine: true, type: "number", inputMode: "decimal", required: true, min: 0, max: MOST, step: "any" } as const
  return (
    <Sheet title={text.model.priceTitle(provider.name)} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          set.mutate({ id: provider.id, read_usd: Number(read), write_usd: Number(write) })
        }}
      >
        <p className="meta">{text.model.priceLead}</p>
        <Field label={text.model.read} value={read} onValue={setRead} {...amount} />
        <Field label={text.model.write} value={write} onValue={setWrite} {...amount} />
        <ProblemNote problem={set.error ? asProblem(set.error) : null} />
        <div className="acts">
          <button type="submit" className="btn ink" disabled={set.isPending}>
            {text.common.save}
          </button>
          <button type="button" className="btn" onClick={onClose}>
            {text.common.cancel}
          </button>
        </div>
      </form>
    </Sheet>
  )
}
