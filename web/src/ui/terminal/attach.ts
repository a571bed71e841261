// Ties one screen to its terminal: bytes and screens in, keys out, always at the place where the screen stands.
import type { Link, TopicFrame } from "../../api/link"
import type { Problem, TerminalSize } from "../../api/model"
import { Typing } from "../../api/typing"
import type { Screen } from "./screen"

export interface Watching {
  /** Whether keys reach the terminal at this moment. */
  line: (isThere: boolean) => void
  ended: () => void
  refused: (problem: Problem) => void
}

export interface Attachment {
  leave: () => void
  keys: (bytes: Uint8Array) => void
  /** Subscribes anew from where the screen stands. */
  again: () => void
  size: (size: TerminalSize) => void
}

export function attach(link: Link, terminal: string, screen: () => Screen, hear: Watching): Attachment {
  const topic = `terminal.${terminal}`
  const typing = new Typing((bytes) => link.press(topic, bytes))
  const frame = (it: TopicFrame) => {
    switch (it.ev) {
      case "gap":
        screen().position = undefined
        link.again(topic)
        break
      case "terminal.status":
        screen().resize(it.status.size)
        break
      case "terminal.pressed":
        typing.pressed(it.n)
        break
      case "terminal.end":
        hear.ended()
        break
    }
  }
  const leave = link.subscribe(topic, {
    from: () => screen().position ?? "screen",
    ready: () => {
      typing.begin()
      hear.line(true)
    },
    lost: () => {
      typing.drop()
      hear.line(false)
    },
    screen: (dump) => screen().show(dump),
    bytes: (offset, bytes) => screen().take(offset, bytes),
    refused: hear.refused,
    frame,
  })
  return {
    leave,
    keys: (bytes) => {
      if (!typing.push(bytes)) hear.line(false)
    },
    again: () => link.again(topic),
    size: (size) => link.resize(topic, size),
  }
}
