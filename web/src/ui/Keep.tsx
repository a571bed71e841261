// Where the keyboard goes when what had it goes: never to nowhere. A class, since only a class can look before a change.
import { Component, createElement, createRef, type HTMLAttributes, type ReactNode } from "react"

interface Props extends HTMLAttributes<HTMLElement> {
  children: ReactNode
  as?: "div" | "article"
  /** Of its parts the one with this `data-part` gets the keyboard, else the box itself. */
  part?: string | undefined
  /** One of a list: when it goes as a whole the next one gets the keyboard, else the head of the list. */
  card?: boolean
}

/** The list of a card is the nearest box with `data-cards`; at its head stands what has `data-head`, else the list itself is it. */
function handOn(card: HTMLElement): void {
  const list = card.parentElement?.closest<HTMLElement>("[data-cards]")
  const cards = Array.from(list?.querySelectorAll<HTMLElement>("[data-card]") ?? [])
  const next = cards.find((it) => (card.compareDocumentPosition(it) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0 && !card.contains(it))
  const head = list?.querySelector<HTMLElement>("[data-head]") ?? list
  ;(next ?? head)?.focus()
}

const isLost = () => document.activeElement === null || document.activeElement === document.body

/** A box whose contents change under the keyboard, as a question becomes a form and the form an outcome. */
export class Keep extends Component<Props> {
  private readonly box = createRef<HTMLElement>()

  private get holds(): boolean {
    return this.box.current?.contains(document.activeElement) ?? false
  }

  override getSnapshotBeforeUpdate(): boolean {
    return this.holds
  }

  override componentDidUpdate(_props: Props, _state: unknown, held: boolean): void {
    if (!held || !isLost()) return
    const { part } = this.props
    const wanted = part === undefined ? null : this.box.current?.querySelector<HTMLElement>(`[data-part="${part}"]`)
    ;(wanted ?? this.box.current)?.focus()
  }

  override componentWillUnmount(): void {
    if (this.props.card && this.holds && this.box.current) handOn(this.box.current)
  }

  override render(): ReactNode {
    const { as = "div", part, card, className = "keep", children, ...rest } = this.props
    return createElement(as, { ...rest, ref: this.box, tabIndex: -1, className, "data-keeps": part, "data-card": card ? "" : undefined }, children)
  }
}
