import { cleanup, fireEvent, render, screen } from "@testing-library/react"
import { useState } from "react"
import { afterEach, expect, test } from "vitest"
import { Keep } from "./Keep"

afterEach(cleanup)

const focused = () => document.activeElement
const press = (name: string) => {
  const button = screen.getByRole("button", { name })
  button.focus()
  fireEvent.click(button)
}

function Door() {
  const [open, setOpen] = useState(false)
  return (
    <Keep part="open">
      {open ? (
        <button key="close" type="button" onClick={() => setOpen(false)}>
          close
        </button>
      ) : (
        <button key="open" type="button" data-part="open" onClick={() => setOpen(true)}>
          open
        </button>
      )}
    </Keep>
  )
}

test("what takes the place of a pressed button keeps the keyboard near, and its opener gets it back", () => {
  const { container } = render(<Door />)
  press("open")
  expect(focused()).toBe(container.firstElementChild)
  press("close")
  expect(focused()).toBe(screen.getByRole("button", { name: "open" }))
})

test("nobody's keyboard is taken", () => {
  render(
    <>
      <Door />
      <input aria-label="elsewhere" />
    </>,
  )
  screen.getByRole("textbox").focus()
  fireEvent.click(screen.getByRole("button", { name: "open" }))
  expect(focused()).toBe(screen.getByRole("textbox"))
})

function Cards() {
  const [names, setNames] = useState(["a", "b"])
  return (
    <section data-cards>
      <h2 tabIndex={-1} data-head>
        Cards
      </h2>
      {names.map((name) => (
        <Keep key={name} card aria-label={name}>
          <button type="button" onClick={() => setNames(names.filter((it) => it !== name))}>
            {name}
          </button>
        </Keep>
      ))}
    </section>
  )
}

test("a card that goes hands the keyboard to the next one, and the last to the head of the list", () => {
  render(<Cards />)
  press("a")
  expect(focused()).toBe(screen.getByLabelText("b"))
  press("b")
  expect(focused()).toBe(screen.getByRole("heading"))
})
