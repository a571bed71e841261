/** What the rooms of the audit are called here, and which kinds they hold. */
export const ROOMS = {
  commands: "exec,run",
  answers: "approval",
  access: "owner,session,login,password,token",
  changes: "setting,provider,secret,push,queue,host",
  rules: "rule,mode,elevated",
  planned: "task,halt",
  terminals: "terminal",
  undone: "undo",
  checks: "audit",
} as const

export const ROOM_NAMES = Object.keys(ROOMS) as (keyof typeof ROOMS)[]
