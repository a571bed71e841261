import { expect, test } from "vitest"
import { onPhoneKey } from "./phone"
import { pinched } from "./pinch"

const input = (inputType: string, isComposing = false) => {
  const event = new Event("beforeinput", { cancelable: true })
  return Object.assign(event, { inputType, isComposing }) as unknown as InputEvent
}

test("a deletion that comes without a key is one, unless something is being composed", () => {
  const field = document.createElement("textarea")
  const pressed: string[] = []
  const off = onPhoneKey(field, (key) => pressed.push(key))
  const gone = input("deleteContentBackward")
  field.dispatchEvent(gone)
  field.dispatchEvent(input("deleteContentBackward", true))
  field.dispatchEvent(input("insertText"))
  field.dispatchEvent(input("insertLineBreak"))
  expect(pressed).toEqual(["\u007f", "\r"])
  expect(gone.defaultPrevented).toBe(true)
  off()
  field.dispatchEvent(input("deleteContentBackward"))
  expect(pressed.length).toBe(2)
})

test("letters grow as two fingers move apart", () => {
  expect(pinched(12, 100, 150)).toBe(18)
  expect(pinched(12, 100, 50)).toBe(6)
  expect(pinched(12, 0, 50)).toBe(12)
})
