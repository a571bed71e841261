import { Terminal as Headless } from "@xterm/headless"
import { Terminal } from "@xterm/xterm"
import { beforeEach, expect, test, vi } from "vitest"
import { GUARDED, guard, harmless, isMouse, isSafe } from "./guard"

const ESC = "\u001b"
const ST = `${ESC}\\`
const BEL = "\u0007"

/** Everything known that some terminal answers to, in each of its spellings. */
const QUERIES: Record<string, readonly string[]> = {
  "device attributes": ["[c", "[0c", "[>c", "[>0c", "[=c", "[=0c", "Z"].map((it) => ESC + it),
  "status and cursor": ["[5n", "[6n", "[?6n", "[?15n", "[?25n", "[?26n", "[?53n", "[?55n", "[?56n", "[?62n", "[?63n", "[?75n", "[?85n", "[?996n"].map((it) => ESC + it),
  modes: ["[4$p", "[12$p", "[20$p", "[?1$p", "[?7$p", "[?25$p", "[?1004$p", "[?1049$p", "[?2004$p", "[?2026$p", "[?2027$p", "[?9999$p"].map((it) => ESC + it),
  "version and keyboard": ["[>q", "[>0q", "[?u", "[>1u", "[>4;2m", "[?4m", "[x", "[1x", "[&v"].map((it) => ESC + it),
  window: [11, 13, 14, 15, 16, 18, 19, 20, 21, "14;2", "13;2", "22;0", "23;0"].map((it) => `${ESC}[${it}t`),
  "state strings": ["m", "r", '"p', '"q', " q", "s", "t", "|", "x"].flatMap((it) => [`${ESC}P$q${it}${ST}`]),
  termcap: ["544e", "436f", "696e646e", "524742"].map((it) => `${ESC}P+q${it}${ST}`),
  "tab and presentation": [`${ESC}[1$w`, `${ESC}[2$w`, `${ESC}[1;1;1;1;1;1*y`, `${ESC}[1*y`],
  colours: [
    ...["4;0;?", "4;255;?", "4;0;?;1;?", "5;0;?", "10;?", "11;?", "12;?", "13;?", "14;?", "15;?", "16;?", "17;?", "18;?", "19;?", "10;?;?;?", "21;?"],
    ...["52;c;?", "52;p;?", "52;;?", "50;?", "60", "61", "701;?", "1337;ReportCellSize", "1337;ReportVariable=eA==", "7;?", "3;?WM_NAME", "22;?"],
  ].flatMap((it) => [`${ESC}]${it}${ST}`, `${ESC}]${it}${BEL}`, `\u009d${it}\u009c`]),
  clipboard: [`${ESC}]52;c;cm0gLXJmIC8K${ST}`, `${ESC}]52;p;cm0K${BEL}`],
  "focus, mouse and paste": ["[?1004h", "[?1000h", "[?1003h", "[?1006h", "[?1015h", "[?1016h", "[?2004h", "[?9h", "[?1007h"].map((it) => ESC + it),
  graphics: [`${ESC}_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA${ST}`, `${ESC}P0;1;0q"1;1;1;1#0;2;0;0;0${ST}`, `${ESC}[?1;1;0S`, `${ESC}[?2;1;0S`],
  "eight bit": ["\u009bc", "\u009b>c", "\u009b6n", "\u009b?1$p", "\u0090$qm\u009c", "\u0005"],
  "links and titles": [`${ESC}]8;;javascript:alert(1)${ST}x${ESC}]8;;${ST}`, `${ESC}]2;\r\nrm -rf /\r${BEL}`, `${ESC}[21t`, `${ESC}[>2T`],
}

let sent: string[]
beforeEach(() => {
  sent = []
})

const feed = (terminal: Headless | Terminal, text: string) => new Promise<void>((done) => terminal.write(text, done))

function listen(terminal: Headless | Terminal) {
  terminal.onData((data) => sent.push(data))
  terminal.onBinary((data) => sent.push(data))
}

test("nothing a program prints makes the terminal send a byte", async () => {
  const headless = new Headless({ ...GUARDED, allowProposedApi: true, cols: 80, rows: 24 })
  const shown = new Terminal({ ...GUARDED, allowProposedApi: true, cols: 80, rows: 24 })
  guard(headless as unknown as Terminal)
  guard(shown)
  for (const terminal of [headless, shown]) {
    listen(terminal)
    for (const [name, queries] of Object.entries(QUERIES)) {
      for (const query of queries) {
        await feed(terminal, query)
        expect(sent, `${name}: ${JSON.stringify(query)}`).toEqual([])
        // Cut in two, as a network may.
        await feed(terminal, query.slice(0, query.length / 2))
        await feed(terminal, query.slice(query.length / 2))
        expect(sent, `${name}, cut: ${JSON.stringify(query)}`).toEqual([])
      }
    }
    // And all of it while the mouse, focus and paste modes are on, which the corpus has switched on by now.
    await feed(terminal, Object.values(QUERIES).flat().join(""))
    expect(sent).toEqual([])
  }
})

test("without the guard it would answer", async () => {
  const headless = new Headless({ allowProposedApi: true })
  listen(headless)
  for (const query of Object.values(QUERIES).flat()) await feed(headless, query)
  expect(sent.length).toBeGreaterThan(20)
})

test("the owner's keys do leave", () => {
  const terminal = new Terminal({ ...GUARDED })
  guard(terminal)
  listen(terminal)
  terminal.input("ls\r")
  expect(sent).toEqual(["ls\r"])
})

test("a paste can't end its brackets or press a key", () => {
  expect(harmless(`echo hi${ESC}[201~\nrm -rf /\u0003\u009b201~`)).toBe("echo hi[201~\nrm -rf /201~")
  expect(harmless("a\tb\r\nשלום")).toBe("a\tb\r\nשלום")
})

test("only https is followed, and only without a name in front of the host", () => {
  const opened = vi.spyOn(window, "open").mockReturnValue(null)
  for (const address of ["http://a.example", "javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "ssh://a", "https://bank.example@evil.example/", "x"]) {
    expect(isSafe(address), address).toBe(false)
    GUARDED.linkHandler?.activate({} as MouseEvent, address, {} as never)
  }
  expect(opened).not.toHaveBeenCalled()
  GUARDED.linkHandler?.activate({} as MouseEvent, "https://a.example/b", {} as never)
  expect(opened).toHaveBeenCalledWith("https://a.example/b", "_blank", "noopener,noreferrer")
})

test("a link to anything but https is plain text", async () => {
  const headless = new Headless({ ...GUARDED, allowProposedApi: true })
  guard(headless as unknown as Terminal)
  const links = (headless as unknown as { _core: { _oscLinkService: { _dataByLinkId: Map<number, { data: { uri: string } }> } } })._core._oscLinkService._dataByLinkId
  await feed(headless, `${ESC}]8;;http://a.example${ST}x${ESC}]8;;${ST} ${ESC}]8;id=1;file:///etc/passwd${ST}y${ESC}]8;;${ST}`)
  expect([...links.values()]).toEqual([])
  await feed(headless, `${ESC}]8;;https://a.example/;b${ST}x${ESC}]8;;${ST}`)
  expect([...links.values()].map((it) => it.data.uri)).toEqual(["https://a.example/;b"])
})

test("the mouse alone is not a key", () => {
  expect(isMouse(`${ESC}[<35;10;4M`)).toBe(true)
  expect(isMouse(`${ESC}[<0;10;4m`)).toBe(true)
  expect(isMouse(`${ESC}[M !!`)).toBe(true)
  for (const key of [`${ESC}[A`, `${ESC}[M`, "M", `${ESC}OP`, `${ESC}[3~`]) expect(isMouse(key), key).toBe(false)
})
