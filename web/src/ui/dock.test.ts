import { expect, test } from "vitest"
import { readDock, setDock, useDock } from "./dock"

test("the dock opens as it was left, but never by itself where it would hide the page", () => {
  const kept = JSON.stringify({ isOpen: true, size: 600, terminal: "trm_1" })
  expect(readDock(kept, true)).toEqual({ isOpen: true, size: 600, terminal: "trm_1" })
  expect(readDock(kept, false)).toEqual({ isOpen: false, size: 600, terminal: "trm_1" })
  expect(readDock("nonsense", true)).toEqual({ isOpen: false, size: 480, terminal: undefined })
  expect(readDock('{"isOpen":1,"size":1e9,"terminal":7}', true)).toEqual({ isOpen: false, size: 1200, terminal: undefined })
})

test("its width stays within bounds and is kept", () => {
  setDock({ size: 10 })
  expect(useDock.getState().size).toBe(340)
  expect(readDock(localStorage.getItem("metatron.dock"), true).size).toBe(340)
})
