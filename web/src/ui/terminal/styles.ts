// xterm.js writes its sheets into <style> elements and its colours into style attributes, and the page's CSP takes neither.
// Here the same words become a constructed sheet and a style object, which only a script that already runs can make, so
// that the CSP stays as strict as it is. It asks the page itself for elements, so it is the page that has to give others.

/** A style element by name only: its text becomes a sheet of the page, and leaves with it. */
function sheetElement(page: Document): HTMLElement {
  const sheet = new CSSStyleSheet()
  const element = page.createElement("template")
  let text = ""
  Object.defineProperty(element, "textContent", {
    get: () => text,
    set: (words: string) => {
      text = words
      sheet.replaceSync(words)
      if (!page.adoptedStyleSheets.includes(sheet)) page.adoptedStyleSheets.push(sheet)
    },
  })
  element.remove = () => {
    page.adoptedStyleSheets = page.adoptedStyleSheets.filter((it) => it !== sheet)
    Element.prototype.remove.call(element)
  }
  return element
}

/** From here on what scripts style is styled, though no markup can be. Once for a page. */
export function admitStyles(page: Document): void {
  if (Object.hasOwn(page, "createElement")) return
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- deprecated is only the overload for elements of old
  const create: (name: string, options?: ElementCreationOptions) => HTMLElement = page.createElement.bind(page)
  const give = (name: string, options?: ElementCreationOptions) => (name === "style" ? sheetElement(page) : create(name, options))
  Object.defineProperty(page, "createElement", { value: give, configurable: true, writable: true })
  HTMLSpanElement.prototype.setAttribute = function (this: HTMLElement, name: string, value: string) {
    if (name === "style") this.style.cssText = value
    else Element.prototype.setAttribute.call(this, name, value)
  }
}
