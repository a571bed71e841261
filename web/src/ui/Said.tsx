// What a screen reader is told of what happens by itself: one voice, one sentence after the other.
import { create } from "zustand"

interface Saying {
  words: string
  /** The same words said again are new ones. */
  nth: number
}

const useSaying = create<Saying>(() => ({ words: "", nth: 0 }))

export const say = (words: string): void => useSaying.setState(({ nth }) => ({ words, nth: nth + 1 }))

/** The place of the voice. Over a page that a dialog covers nobody hears it: the dialog has its own. */
export function Said() {
  const { words, nth } = useSaying()
  return (
    <div className="vh" role="status" aria-live="polite">
      <p key={nth}>{words}</p>
    </div>
  )
}
