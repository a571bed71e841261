import { type ReactNode, useId, useLayoutEffect, useRef } from "react"
import { useText } from "../i18n"
import { Icon } from "./Icon"

/** Something to fill in over the page: a bottom sheet on the phone. Closing it changes nothing, and the keyboard goes back where it was. */
export function Sheet({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const text = useText()
  const id = useId()
  const sheet = useRef<HTMLDialogElement>(null)
  // Closed while it is still on the page: only then does the browser give the keyboard back.
  useLayoutEffect(() => {
    const it = sheet.current
    it?.showModal()
    return () => it?.close()
  }, [])
  return (
    <dialog
      ref={sheet}
      className="sheet plain"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <header>
        <h1 id={id}>{title}</h1>
        <button type="button" className="later end" aria-label={text.common.close} onClick={onClose}>
          <Icon name="x" />
        </button>
      </header>
      <div className="sheet-body">{children}</div>
    </dialog>
  )
}
