// Whether somebody signed in with this browser: a hint, so that a stranger's browser asks nothing that can only be refused.
const KEPT = "metatron.signed-in"

export const rememberSession = (): void => localStorage.setItem(KEPT, "1")
export const forgetSession = (): void => localStorage.removeItem(KEPT)
export const hasSession = (): boolean => localStorage.getItem(KEPT) !== null
