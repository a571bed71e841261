import { expect, test } from "vitest"
import { hiddenCount, type Kind, type Known, mark, reveal } from "./reveal"

const back = (text: string) =>
  reveal(text)
    .map((piece) => (piece.kind === "newline" ? "\n" : piece.kind === "tab" ? "\t" : piece.text))
    .join("")

test("plain text, in any script, hides nothing", () => {
  for (const text of ["rm -rf /srv/x", "echo שלום", "cat Ünïcode.txt", "echo 日本 🙂"]) expect(hiddenCount(text)).toBe(0)
})

test.each([
  ["\u202e", "U+202E RLO"],
  ["\u2066", "U+2066 LRI"],
  ["\u200b", "U+200B ZWSP"],
  ["\u200d", "U+200D ZWJ"],
  ["\ufeff", "U+FEFF BOM"],
  ["\u00a0", "U+00A0 NBSP"],
  ["\u3000", "U+3000"],
  ["\u2028", "U+2028"],
  ["\u00ad", "U+00AD SHY"],
  ["\u001b", "U+001B ESC"],
  ["\r", "U+000D CR"],
  ["\0", "U+0000 NUL"],
  ["\u3164", "U+3164"],
  ["\u2800", "U+2800"],
  ["\u115f", "U+115F"],
  ["\ufe0f", "U+FE0F"],
  ["\u{e0041}", "U+E0041"],
  ["\u{e0100}", "U+E0100"],
  ["\ud800", "U+D800"],
  ["\ue000", "U+E000"],
])("a character that can't be seen is spelled out: %j", (letter, label) => {
  expect(reveal(`ls${letter}x`)).toEqual([
    { kind: "seen", text: "ls" },
    { kind: "hidden", text: letter, label },
    { kind: "seen", text: "x" },
  ])
})

test("nothing of the command is lost or added", () => {
  const text = "a\u202eb\tc\n\u200bd\u{e0061} e"
  expect(back(text)).toBe(text)
  expect(
    mark(text)
      .map((word) => word.text)
      .join(""),
  ).toBe(text)
})

const marked = (text: string, kind: Kind, known?: Known) =>
  mark(text, known)
    .filter((word) => word.kind === kind)
    .map((word) => word.text)

test("the words that name programs are marked where a program stands", () => {
  expect(marked("FOO=1 du -sh /srv | sort -h && rm x", "program")).toEqual(["du", "sort", "rm"])
  expect(marked("sudo docker ps", "program", { programs: ["sudo", "docker"] })).toEqual(["sudo", "docker"])
})

test("paths are marked: by their look, or because the effects name them", () => {
  const paths = ["/work/notes.txt", "/work/a b"]
  expect(marked("rm -r notes.txt ./old ../up ~/x ~ . /etc 'src/a'", "path", { paths })).toEqual(["notes.txt", "./old", "../up", "~/x", "~", ".", "/etc", "'src/a'"])
  expect(marked("rm other.txt", "path", { paths })).toEqual([])
  expect(marked("cat <in/a >/dev/null 2>&1", "path")).toEqual(["in/a", "/dev/null"])
})

test("addresses are marked as addresses, not as paths", () => {
  expect(marked("curl -o out/x https://example.org/a?b=c 'git+ssh://host/x'", "url")).toEqual(["https://example.org/a?b=c", "'git+ssh://host/x'"])
  expect(marked("curl https://example.org/a", "path")).toEqual([])
})

test("a value is marked apart from the name that it is given to", () => {
  const words = mark("dd of=/dev/sda --url=http://h/ --level=9")
  expect(words.filter((word) => word.kind !== "plain")).toEqual([
    { text: "dd", kind: "program" },
    { text: "/dev/sda", kind: "path" },
    { text: "--url=", kind: "option" },
    { text: "http://h/", kind: "url" },
    { text: "--level=9", kind: "option" },
  ])
})
