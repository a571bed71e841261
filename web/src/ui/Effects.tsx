// What a command would do and with what, as it was judged and measured: short enough for every card.
import type { Approval, Measure } from "../api/model"
import { useText } from "../i18n"
import { effectChips } from "./effect"
import { Machine } from "./Revealed"

/** So many files that can't change are named on the card; the sheet names all. */
const NAMED = 6

type File = Measure["programs"][number]

/** What is bound up to `NAMED` of them, and all that is not. */
const worthNaming = (files: readonly File[]) => files.filter((file, at) => at < NAMED || !file.bound)

export function Effects({ approval: { exec, effects, measure } }: { approval: Approval }) {
  const text = useText()
  const say = text.approval
  // Its host has looked: that all of it comes back says more than the words alone can tell.
  const isKept = exec.forecast?.will === "keeps" && (exec.forecast.gaps ?? []).length === 0
  const chips = effects ? effectChips(isKept ? { ...effects, reversible: null } : effects, say.effect) : []
  const { programs = [], scripts = [] } = measure ?? {}
  const files = [
    ...worthNaming(programs).map((file) => ({ word: say.effect.programs, file })),
    ...worthNaming(scripts).map((file) => ({ word: say.script, file })),
  ]
  const hidden = programs.length + scripts.length - files.length
  const folder = measure?.cwd ?? exec.cwd
  return (
    <>
      <ul className="chips" aria-label={say.effects}>
        {chips.map((chip) => (
          <li key={`${chip.word} ${chip.value}`} className={chip.hard ? "tag hard" : "tag"}>
            {chip.word} {chip.value ? <Machine text={chip.value} /> : null}
          </li>
        ))}
        {files.map(({ word, file: { path, word: name, bound } }) => (
          <li key={`${word} ${path} ${name}`} className={bound ? "tag" : "tag hard"}>
            {word} <Machine text={path || name} />
            {path ? null : `, ${say.notFound}`}
            {path && !bound ? `, ${say.notBound}` : null}
          </li>
        ))}
        {hidden > 0 ? <li className="tag">{text.undo.more(hidden)}</li> : null}
        {folder ? (
          <li className="tag">
            {say.inFolder} <Machine text={folder} />
          </li>
        ) : null}
        {exec.interactive ? <li className="tag">{say.hand.interactive}</li> : null}
        <li className="tag">
          {say.on} <Machine text={exec.host} />
        </li>
      </ul>
      {files.some(({ file }) => file.path !== "" && !file.bound) ? <p className="meta">{say.notBoundWhy}</p> : null}
    </>
  )
}
