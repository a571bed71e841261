// What a terminal of @xterm/headless shows and how it would go on, as plain data that the Rust side writes alike.
import headless from "@xterm/headless";
import unicode from "@xterm/addon-unicode11";

/** A terminal as the browser has it. */
export function open({ columns, rows }) {
  const terminal = new headless.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true, logLevel: "off" });
  terminal.loadAddon(new unicode.Unicode11Addon());
  terminal.unicode.activeVersion = "11";
  terminal.onTitleChange((title) => {
    terminal.lastTitle = title;
  });
  return terminal;
}

export const write = (terminal, bytes) => new Promise((resolve) => terminal.write(bytes, resolve));

const hex = (rgb) => `#${rgb.toString(16).padStart(6, "0")}`;

function color(letter, mode, value) {
  if (mode === 0) return "";
  return letter + (mode === 0x3000000 ? hex(value & 0xffffff) : value & 0xff);
}

/** The style of a cell in letters: flags, underline, front, back and line colour. */
function style(cell) {
  const flags = [
    [cell.isBold(), "b"], [cell.isDim(), "d"], [cell.isItalic(), "i"], [cell.isBlink(), "k"], [cell.isInverse(), "r"],
    [cell.isInvisible(), "h"], [cell.isStrikethrough(), "s"], [cell.isOverline(), "o"],
  ];
  const drawn = flags.filter(([on]) => on).map(([, letter]) => letter).join("");
  const underline = cell.isUnderline() ? `u${cell.hasExtendedAttrs() ? cell.extended.underlineStyle : 1}` : "";
  const line = cell.isUnderline() && cell.hasExtendedAttrs() && ~cell.extended.underlineColor
    ? color("l", cell.extended.underlineColor & 0x3000000, cell.extended.underlineColor) : "";
  return drawn + underline + color("f", cell.getFgColorMode(), cell.getFgColor())
    + color("g", cell.getBgColorMode(), cell.getBgColor()) + line;
}

/** A row: `>` when it continues the one above, then runs of `{style}text`; blanks at its end that show nothing are left out. */
function row(line, columns, first) {
  const cells = [];
  let before = 1;
  for (let x = 0; x < columns; x += 1) {
    const cell = line.getCell(x);
    if (!cell) break;
    const rest = before === 2 && cell.getWidth() === 0 && !cell.getChars();
    before = cell.getWidth();
    if (rest) continue;
    cells.push([style(cell), cell.getChars() || " "]);
  }
  while (cells.length && cells.at(-1)[0] === "" && cells.at(-1)[1] === " ") cells.pop();
  let text = line.isWrapped && !first ? ">" : "";
  let now = "";
  for (const [look, chars] of cells) {
    if (look !== now) text += `{${look}}`;
    now = look;
    text += chars;
  }
  return text;
}

function screen(buffer, terminal) {
  const view = terminal._core.buffers.alt === buffer ? terminal.buffer.alternate : terminal.buffer.normal;
  return Array.from({ length: terminal.rows }, (_, y) => {
    const line = view.getLine(buffer.ybase + y);
    return line ? row(line, terminal.cols, y === 0) : "";
  });
}

const DESIGNATED = { "◆": "0", "£": "A" };

/** All there is to know about a terminal. */
export function describe(terminal) {
  const core = terminal._core;
  const { normal, alt, active } = core.buffers;
  const modes = core.coreService.decPrivateModes;
  const on = {
    insert: core.coreService.modes.insertMode, line_feed_returns: core.options.convertEol, origin: modes.origin,
    wrap: modes.wraparound, reverse_wrap: modes.reverseWraparound, application_cursor: modes.applicationCursorKeys,
    application_keypad: modes.applicationKeypad, bracketed_paste: modes.bracketedPasteMode, focus: modes.sendFocus,
    cursor_hidden: core.coreService.isCursorHidden,
  };
  const charset = core._charsetService.charset;
  const tabs = Object.keys(active.tabs).filter((x) => active.tabs[x] && x < terminal.cols).map(Number);
  const shape = { block: 1, underline: 3, bar: 5 }[modes.cursorStyle];
  return {
    columns: terminal.cols, rows: terminal.rows,
    cursor: [active.y, active.x],
    screen: screen(active, terminal),
    under: active === alt ? screen(normal, terminal) : null,
    pen: style(core._inputHandler._curAttrData),
    charset: charset ? DESIGNATED[charset["`"] ?? charset["#"]] ?? "B" : "B",
    region: [active.scrollTop, active.scrollBottom],
    saved: [Math.max(active.savedY - active.ybase, 0), Math.min(active.savedX, terminal.cols - 1)],
    tabs,
    modes: Object.entries(on).filter(([, set]) => set).map(([name]) => name),
    cursor_style: shape ? shape + (modes.cursorBlink ? 0 : 1) : 0,
    mouse: [core.coreMouseService.activeProtocol, core.coreMouseService.activeEncoding],
    title: terminal.lastTitle ?? null,
  };
}

/** As JSON with one screen row a line, so that a change reads as what it is. */
export function print(state) {
  return `${JSON.stringify(state, null, 1).replace(/\[\n[^\[\]"]*\]/g, (list) => list.replace(/\s+/g, " "))}\n`;
}
