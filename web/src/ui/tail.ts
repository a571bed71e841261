// The end of what a command printed: as it comes while it runs, else as it was kept.
import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react"
import { link } from "../api/connection"
import type { Exec } from "../api/model"
import { onOutput, outputOf, outputVersion, watchTerminal } from "../api/output"
import { plainLines } from "./plain"

const LINES = 400

const encoder = new TextEncoder()

export function useTail(exec: Exec) {
  const version = useSyncExternalStore(
    useCallback((hear: () => void) => onOutput(exec.terminal_id, hear), [exec.terminal_id]),
    () => outputVersion(exec.terminal_id),
  )
  const running = exec.state === "running" || exec.state === "approved"
  useEffect(() => (running ? watchTerminal(link, exec.terminal_id) : undefined), [running, exec.terminal_id])
  return useMemo(() => {
    const live = outputOf(exec.terminal_id)
    // The live bytes if there are any, else what the model was shown.
    const bytes = live.end > live.start && (version > 0 || running) ? live.bytes() : encoder.encode(exec.output_text ?? "")
    const { lines, cut } = plainLines(bytes, LINES)
    return { lines: lines.length === 1 && lines[0] === "" ? [] : lines, cut, cutBytes: live.start > 0 }
  }, [exec.terminal_id, exec.output_text, running, version])
}
