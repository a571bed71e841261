import { type InputHTMLAttributes, type ReactNode, useId } from "react"

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "value"> {
  label: string
  hint?: ReactNode
  value: string
  onValue: (value: string) => void
  machine?: boolean
}

/** A labelled line of input. Machine text is left to right in every language. */
export function Field({ label, hint, value, onValue, machine = false, ...rest }: Props) {
  const id = useId()
  return (
    <div className="fieldset">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className={machine ? "field m" : "field"}
        dir={machine ? "ltr" : value ? "auto" : undefined}
        value={value}
        onChange={(event) => onValue(event.target.value)}
        aria-describedby={hint ? `${id}h` : undefined}
        {...(machine ? { autoCapitalize: "none", autoCorrect: "off", spellCheck: false } : {})}
        {...rest}
      />
      {hint ? (
        <p className="meta" id={`${id}h`}>
          {hint}
        </p>
      ) : null}
    </div>
  )
}
