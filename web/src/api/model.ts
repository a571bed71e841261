// Short names for the records of the API; the one place that knows how the document calls them.
import type { components } from "./schema"

type Schemas = components["schemas"]

export type Actor = Schemas["Actor"]
/** What the owner is asked: about a command, or about the keyboard of a terminal. */
export type Question = Schemas["Approval"]
/** The question about a command. */
export type Approval = Question & { exec: Exec }
export type AuditRow = Schemas["AuditRow"]
export type AuditVerification = Schemas["AuditVerification"]
export type Chat = Schemas["Chat"]
export type Device = Schemas["Device"]
export type Effects = Schemas["Effects"]
export type Elevated = Schemas["Elevated"]
export type Exec = Schemas["Exec"]
export type Exit = Schemas["Exit"]
export type Forecast = Schemas["Forecast"]
export type HandAsk = Schemas["HandAsk"]
export type Fact = Schemas["Event"]
export type Host = Schemas["Host"]
export type NewHost = Schemas["NewHost"]
export type Measure = Schemas["Measure"]
export type Message = Schemas["Message"]
export type Mode = Schemas["Mode"]
/** How much is asked where nobody is. */
export type PlannedMode = Schemas["PlannedMode"]
export type MessagePage = Schemas["Messages"]
export type PackagePlan = Schemas["PackagePlan"]
export type Part = Schemas["Part"]
export type Probe = Schemas["Probe"]
/** What the server says, and what the browser finds out by itself. */
export type ProblemCode = Schemas["Problem"]["code"] | "offline" | "unexpected" | `http_${number}`
export type Problem = Omit<Schemas["Problem"], "code"> & { code: ProblemCode }
/** A rule that could be made with an answer. */
export type Proposal = Schemas["Proposal"]
export type Provider = Schemas["Provider"]
export type ProviderBody = Schemas["ProviderBody"]
export type Rule = Schemas["Rule"]
export type RuleBody = Schemas["RuleBody"]
export type Run = Schemas["Run"]
export type RunDetail = Schemas["RunDetail"]
export type RunState = Schemas["RunState"]
export type Service = Schemas["Service"]
export type Session = Schemas["Session"]
export type Settings = Schemas["Settings"]
export type Setup = Schemas["Setup"]
/** Work that begins by itself. */
export type Task = Schemas["Task"]
export type TaskBody = Schemas["TaskBody"]
export type Taint = Schemas["Taint"]
export type Terminal = Schemas["Terminal"]
export type TerminalHistory = Schemas["TerminalHistory"]
export type TerminalSize = Schemas["Size"]
/** How a terminal stands, as its host tells it while somebody watches. */
export type TerminalStatus = Schemas["Standing"]
export type Snapshot = Schemas["Snapshot"]
export type Undo = Schemas["Undo"]
/** One path of a preview. */
export type UndoItem = Schemas["Item"]
/** What is undone: a command, an undo, or what became of a part of a snapshot. */
export type UndoOf = Schemas["UndoOf"]
export type UndoPreview = Schemas["UndoPreview"]
export type Driver = Schemas["Driver"]
export type Token = Schemas["Token"]
export type Unasked = Schemas["Unasked"]

/** Whether it is about a command. */
export const isCommand = (question: Question): question is Approval => Boolean(question.exec)

/** True while the run still owes work. */
export const isActive = (state: RunState): boolean =>
  state === "queued" || state === "running" || state === "waiting_command" || state === "waiting_approval"
