import { useState } from "react"
import { Link } from "react-router"
import { asProblem } from "../../api/client"
import type { Chat, RunDetail } from "../../api/model"
import { useText } from "../../i18n"
import { paths } from "../../nav/paths"
import { setDock, useDock } from "../../ui/dock"
import { Confirm } from "../../ui/Confirm"
import { Icon } from "../../ui/Icon"
import { ProblemNote } from "../../ui/Problem"
import { Revealed } from "../../ui/Revealed"
import { useRemove, useRename } from "./api"
import { ModeSwitch } from "./ModeSwitch"

interface Props {
  id: string
  chat: Chat | undefined
  run: RunDetail | undefined
  stopping: boolean
  onStop: (() => void) | undefined
  onGone: () => void
}

/** Title, where it works, and the stop that is always in reach. */
export function ThreadHead({ id, chat, run, stopping, onStop, onGone }: Props) {
  const text = useText()
  const [renaming, setRenaming] = useState<string>()
  const rename = useRename(id)
  const remove = useRemove(id, onGone)
  const isDocked = useDock((store) => store.isOpen)
  const cwd = run?.execs.at(-1)?.cwd
  if (renaming !== undefined)
    return (
      <header className="top">
        <form
          className="rename"
          onSubmit={(event) => {
            event.preventDefault()
            rename.mutate(renaming.trim(), { onSuccess: () => setRenaming(undefined) })
          }}
        >
          {/* eslint-disable-next-line jsx-a11y/no-autofocus -- the owner has just asked for this field */}
          <input className="field" dir="auto" autoFocus required maxLength={200} aria-label={text.chat.newName} value={renaming} onChange={(event) => setRenaming(event.target.value)} />
          <button type="submit" className="btn sm ink" disabled={rename.isPending}>
            {text.common.save}
          </button>
          <button type="button" className="btn sm" onClick={() => setRenaming(undefined)}>
            {text.common.cancel}
          </button>
        </form>
        <ProblemNote problem={rename.error ? asProblem(rename.error) : null} />
      </header>
    )
  return (
    <header className="top">
      <Link className="back" to={paths.chats} aria-label={text.chat.back}>
        <Icon name="back" />
      </Link>
      <h1 className="ell">
        <bdi>{chat?.title || text.chat.untitled}</bdi>
      </h1>
      {cwd ? (
        <span className="meta ell where">
          <code>
            <Revealed text={cwd} />
          </code>
        </span>
      ) : null}
      <span className="end" />
      {chat ? <ModeSwitch chat={chat} /> : null}
      {onStop ? (
        <button type="button" className="btn sm" disabled={stopping} onClick={onStop}>
          <Icon name="stop" size={12} />
          {stopping ? text.chat.stopping : text.chat.stop}
        </button>
      ) : (
        <>
          <button type="button" className="btn sm bare" onClick={() => setRenaming(chat?.title ?? "")}>
            {text.chat.rename}
          </button>
          <Confirm label={text.common.remove} question={chat?.planned_at ? `${text.chat.removeAsk} ${text.task.goesToo}` : text.chat.removeAsk} busy={remove.isPending} onYes={() => remove.mutate()} />
        </>
      )}
      <button type="button" className="later" aria-label={text.terminal.dockOpen} title={text.terminal.dockOpen} aria-expanded={isDocked} onClick={() => setDock({ isOpen: !isDocked })}>
        <Icon name="term" />
      </button>
      <ProblemNote problem={remove.error ? asProblem(remove.error) : null} />
    </header>
  )
}
