import { expect, test } from "vitest"
import { deviceName } from "./device"
import { commandText, quoted } from "./shell"

test("a word is quoted where the shell would read it otherwise", () => {
  expect(quoted("src/a.rs")).toBe("src/a.rs")
  expect(quoted("two words")).toBe("'two words'")
  expect(quoted("it's")).toBe("'it'\\''s'")
  expect(quoted("$x")).toBe("'$x'")
  expect(quoted("")).toBe("''")
  expect(commandText("/usr/bin/git", ["commit", "-m", "a b"])).toBe("git commit -m 'a b'")
})

test("a browser is named as a person would", () => {
  expect(deviceName("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).toBe("Firefox, Linux")
  expect(deviceName("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1")).toBe("Safari, iOS")
  expect(deviceName("curl/8")).toBe("curl/8")
})
