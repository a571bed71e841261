import type { ButtonHTMLAttributes } from "react"

interface Props extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "disabled"> {
  /** It does nothing for a moment. */
  dead: boolean
  /** Its name for the box that keeps the keyboard. */
  part?: string
}

/** A button that can be dead for a moment and keeps the keyboard meanwhile, which one that is disabled would lose. */
export const Act = ({ dead, part, onClick, type = "button", ...rest }: Props) => (
  <button
    type={type}
    aria-disabled={dead || undefined}
    data-part={part}
    onClick={(event) => {
      // It sends no form either.
      if (dead) event.preventDefault()
      else onClick?.(event)
    }}
    {...rest}
  />
)
