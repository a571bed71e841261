import { useId } from "react"

interface Props {
  label: string
  hint?: string
  value: string
  onValue: (value: string) => void
  options: readonly { value: string; label: string }[]
  machine?: boolean
  autoFocus?: boolean
}

/** A labelled choice, drawn by the browser itself. */
export function Select({ label, hint, value, onValue, options, machine = false, autoFocus = false }: Props) {
  const id = useId()
  return (
    <div className="fieldset">
      <label htmlFor={id}>{label}</label>
      {/* eslint-disable-next-line jsx-a11y/no-autofocus -- whoever says so has opened the form by the owner's hand */}
      <select id={id} autoFocus={autoFocus} className={machine ? "field m" : "field"} aria-describedby={hint ? `${id}h` : undefined} value={value} onChange={(event) => onValue(event.target.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {hint ? (
        <p className="meta" id={`${id}h`}>
          {hint}
        </p>
      ) : null}
    </div>
  )
}
