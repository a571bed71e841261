import { expect, test } from "vitest"
import { readLook, setLook, useLook, zoom } from "./look"

test("what is kept is used as far as it can be, and the rest is as new", () => {
  const fresh = { fontSize: 14, isReader: false, palette: "page" }
  expect(readLook(null, 14)).toEqual(fresh)
  expect(readLook("{", 14)).toEqual(fresh)
  expect(readLook("[1]", 14)).toEqual(fresh)
  expect(readLook('{"fontSize":1e9,"isReader":true,"palette":"night"}', 14)).toEqual({ fontSize: 32, isReader: true, palette: "night" })
  expect(readLook('{"fontSize":"12","palette":"pink"}', 14)).toEqual(fresh)
})

test("letters grow and shrink by one, within bounds, and go back", () => {
  const { fontSize } = useLook.getState()
  zoom(1)
  expect(useLook.getState().fontSize).toBe(fontSize + 1)
  setLook({ fontSize: 8 })
  zoom(-1)
  expect(useLook.getState().fontSize).toBe(8)
  zoom(0)
  expect(useLook.getState().fontSize).toBe(fontSize)
})
