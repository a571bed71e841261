// What the owner chose, applied to this page.
import { isLanguage, setLanguage, setTimezone } from "../i18n"
import type { Session } from "../api/model"

/** Takes language and time zone from the session. */
export function adopt(session: Session): void {
  if (isLanguage(session.language)) setLanguage(session.language)
  setTimezone(session.timezone)
}
