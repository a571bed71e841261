// What a program prints is a stranger's word. Nothing it prints makes the terminal type, write the clipboard or open an address.
import type { ITerminalInitOnlyOptions, ITerminalOptions, Terminal } from "@xterm/xterm"

/** The one place inside xterm.js through which every answer and every key leaves, and which knows of the cursor. */
interface Core {
  coreService?: { triggerDataEvent?: (data: string, byUser?: boolean) => void; isCursorInitialized?: boolean }
}

/** Options under which xterm.js does nothing by itself. */
export const GUARDED: ITerminalOptions & ITerminalInitOnlyOptions = {
  // Reports of the window, its title and its place stay off.
  windowOptions: {},
  // A click is never turned into arrow keys.
  altClickMovesCursor: false,
  linkHandler: { activate: (_event, address) => follow(address), allowNonHttpProtocols: false },
}

/** An address that may be opened: https, and what is shown is what is meant. */
export function isSafe(address: string): boolean {
  try {
    const { protocol, username, password } = new URL(address)
    return protocol === "https:" && username === "" && password === ""
  } catch {
    return false
  }
}

/** Opens an address beside this page, which it learns nothing about. */
export function follow(address: string): void {
  if (isSafe(address)) window.open(address, "_blank", "noopener,noreferrer")
}

/**
 * Makes a terminal mute: only what the owner's keyboard, paste or mouse causes leaves it, never an answer to something
 * that was printed. xterm.js tells the two apart at one place; a version without that place is not used at all.
 */
export function guard(terminal: Terminal): void {
  const core = (terminal as unknown as { _core?: Core })._core?.coreService
  const send = core?.triggerDataEvent
  if (!core || !send) throw new Error("this xterm.js answers to what is printed, and that can't be switched off")
  core.triggerDataEvent = (data, byUser = false) => {
    if (byUser) send.call(core, data, true)
  }
  // The cursor shows without the first key: somebody else may be typing.
  core.isCursorInitialized = true
  const { parser } = terminal
  // OSC 52: the clipboard belongs to the owner, to read and to write.
  parser.registerOscHandler(52, () => true)
  // OSC 8: a link whose address is not https is plain text.
  parser.registerOscHandler(8, (data) => {
    const address = data.slice(data.indexOf(";") + 1)
    return address !== "" && !isSafe(address)
  })
}

/** A paste is text: nothing in it can end the brackets around it or press a key. */
// eslint-disable-next-line no-control-regex -- these are what is taken out
export const harmless = (text: string): string => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, "")

/** A report of the mouse, not a key: it alone never takes the keyboard from anybody. */
// eslint-disable-next-line no-control-regex -- reports begin with one
export const isMouse = (data: string): boolean => /^\u001b\[(?:<[\d;]+[Mm]|M[^]{3})/.test(data)
