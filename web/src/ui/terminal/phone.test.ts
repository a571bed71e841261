import { expect, test } from "vitest"
import { onPhoneKey } from "./phone"
import { pinched } from "./pinch"

function open() {
  const field = document.createElement("textarea")
  const pressed: string[] = []
  const sent = onPhoneKey(field, (keys) => pressed.push(keys))
  const tell = (kind: string, what: object) => {
    const event = Object.assign(new Event(kind, { cancelable: true }), what)
    field.dispatchEvent(event)
    return event.defaultPrevented
  }
  return { pressed, sent, tell }
}

test("what comes without a key is typed, and only once", () => {
  const { pressed, tell } = open()
  tell("keydown", { keyCode: 229 })
  expect(tell("beforeinput", { inputType: "deleteContentBackward", isComposing: false, data: null })).toBe(true)
  tell("beforeinput", { inputType: "insertText", isComposing: false, data: "x" })
  tell("beforeinput", { inputType: "insertLineBreak", isComposing: false, data: null })
  expect(pressed).toEqual(["\u007f", "x", "\r"])
})

test("what a key wrote, what is composed and what comes right behind it are left to the terminal", async () => {
  const { pressed, tell } = open()
  tell("keydown", { keyCode: 65 })
  expect(tell("beforeinput", { inputType: "insertText", isComposing: false, data: "a" })).toBe(false)
  tell("keyup", {})
  tell("beforeinput", { inputType: "insertCompositionText", isComposing: true, data: "sha" })
  tell("beforeinput", { inputType: "deleteContentBackward", isComposing: true, data: null })
  tell("compositionend", {})
  tell("beforeinput", { inputType: "insertText", isComposing: false, data: " " })
  expect(pressed).toEqual([])
  await new Promise((resolve) => setTimeout(resolve))
  tell("beforeinput", { inputType: "insertText", isComposing: false, data: "b" })
  expect(pressed).toEqual(["b"])
})

test("a key behind what was composed is typed as soon as that is sent, before any timer", () => {
  const { pressed, sent, tell } = open()
  tell("compositionend", {})
  sent()
  tell("beforeinput", { inputType: "insertText", isComposing: false, data: "x" })
  expect(pressed).toEqual(["x"])
})

test("letters grow as two fingers move apart", () => {
  expect(pinched(12, 100, 150)).toBe(18)
  expect(pinched(12, 100, 50)).toBe(6)
  expect(pinched(12, 0, 50)).toBe(12)
})
