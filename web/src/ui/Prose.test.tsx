import { cleanup, render } from "@testing-library/react"
import { afterEach, expect, test } from "vitest"
import { Prose } from "./Prose"

afterEach(cleanup)
const html = (text: string, streaming = false) => render(<Prose text={text} streaming={streaming} />).container

test("no picture is ever fetched, its words are shown instead", () => {
  for (const text of ["![secret](https://evil.example/x.png?q=1)", "![secret][1]\n\n[1]: https://evil.example/x.png", "![secret](data:image/png;base64,AAAA)"]) {
    const page = html(text)
    expect(page.querySelector("img, picture, source, video, iframe, object, link")).toBeNull()
    expect(page.textContent).toContain("[secret]")
    expect(page.innerHTML).not.toContain("evil.example")
    cleanup()
  }
})

test("HTML in the text stays text or goes away", () => {
  const page = html('a <script>alert(1)</script> <img src=x onerror=alert(1)> <b onclick="x">b</b> <style>*{}</style>')
  expect(page.querySelector("script, img, style, [onclick]")).toBeNull()
})

test("a link shows where it goes and goes nowhere else", () => {
  const link = html("[click](https://example.org/a)").querySelector("a")
  expect(link?.getAttribute("title")).toBe("https://example.org/a")
  expect(link?.rel).toContain("noopener")
  cleanup()
  for (const address of ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "/api/v1/logout", "file:///etc/passwd"]) {
    expect(html(`[x](${address})`).querySelector("a")).toBeNull()
    cleanup()
  }
})

test("an unfinished fence or emphasis renders as if it were finished", () => {
  const page = html("**Yes\n\n```sh\ndocker ps", true)
  expect(page.querySelector("pre code")?.textContent).toContain("docker ps")
  cleanup()
  expect(html("**Yes", true).querySelector("strong")?.textContent).toBe("Yes")
})

test("tables of GitHub's Markdown are tables", () => {
  expect(html("| a | b |\n|---|---|\n| 1 | 2 |").querySelectorAll("td").length).toBe(2)
})
