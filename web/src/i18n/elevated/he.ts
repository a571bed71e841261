// Hebrew words of what runs as root, of what came from outside, and of what a command would do.
import type { effect as englishEffect, elevated as english } from "./en"

export const effect: typeof englishEffect = {
  programs: "מריץ",
  writes: "כותב",
  deletes: "מוחק",
  reads: "קורא",
  sensitive: "נוגע בסודות:",
  secrets: "מקבל את הסודות",
  secretsUnknown: "לא ידוע אילו סודות יקבל",
  noSecrets: "אינו מקבל סוד",
  network: "מגיע לרשת",
  privilege: "מבקש root",
  packages: "משנה חבילות",
  services: "משנה שירותים",
  irreversible: "קשה להחזיר לקדמותו",
  reversible: "קל להחזיר לקדמותו",
  unknown: "לא ידוע:",
}

export const elevated: typeof english = {
  title: "פקודות בתור root",
  lead: "מה ה־AI רשאי לבקש בתור root בתוך המכולה. כל פקודה כזאת מחכה לתשובתך, עם הסיסמה; שום כלל ושום מצב אינם מתירים אותה.",
  level: { off: "שום דבר", packages: "חבילות Debian", commands: "חבילות וכל פקודה" },
  says: {
    off: "שום דבר אינו רץ בתור root.",
    packages: "ה־AI רשאי לנקוב בשמות חבילות. עוזר אחד מתקין אותן; הכרטיס מראה מה apt יעשה.",
    commands: "ה־AI רשאי לבקש גם כל פקודה בתור root. פקודה כזאת יכולה לקרוא ולשנות הכול במערכת הזאת, כולל המפתחות.",
  },
  since: (time) => `מאז ${time}.`,
  impossible: "כאן זה לא אפשרי: שירות המעטפת אינו רץ בתור root. אפשר להפעיל אותו בתור root, או להשתמש במכולה.",
  set: "לשנות",
  reauthLead: "זה מרשה ל־AI לבקש פקודות בתור root, ולכן נדרשת הסיסמה.",
  asRoot: "בתור root במכולה: היא יכולה לשנות שם הכול.",
  tag: "בתור root",
  refresh: "מביא מחדש את רשימות החבילות מהמקורות שהמכונה מכירה.",
  plan: "מה apt אומר שיעשה",
  installs: (n) => (n === 1 ? "מתקין חבילה אחת" : n === 2 ? "מתקין שתי חבילות" : `מתקין ${n} חבילות`),
  removes: (n) => (n === 1 ? "מסיר חבילה אחת!" : n === 2 ? "מסיר שתי חבילות!" : `מסיר ${n} חבילות!`),
  fetches: (size) => `מוריד ${size}`,
  taint: {
    lead: "זה נשאל בלי קשר לכללים ולמצבים: משהו מבחוץ נכנס לצ׳אט הזה.",
    command: "בפקודה שהביאה אותו",
    typed: "במה שהוקלד במסוף",
    program: "בהודעה של תוכנית",
    earlier: "בהרצה קודמת",
  },
  unasked: "רץ בלי שאלה",
  unaskedLead: "מכוח כלל שלך, או במצב מלא.",
  noneUnasked: "שום דבר לא רץ בלי שאלה.",
}
