// Hebrew words of notifications: in the settings, and on the lock screen. The service worker reads them too.
import type { PushWords } from "./en"

export const push: PushWords = {
  title: "התראות",
  lead: "כשמשהו ממתין למילה שלך, המכשירים שלך יודיעו. במסך הנעילה לעולם לא מוצגת פקודה.",
  on: "להתריע במכשיר הזה",
  off: "להפסיק במכשיר הזה",
  thisDevice: "המכשיר הזה",
  none: "אין מכשיר שמקבל התראות.",
  name: "שם",
  rename: "שינוי שם",
  test: "שליחת ניסיון",
  testSent: "בדרך. אם לא תגיע תוך דקה, כדאי לבדוק את הגדרות ההתראות של המערכת.",
  removeAsk: (name) => `להסיר את ${name}? לא יישלחו אליו עוד התראות.`,
  lastSent: (time) => `התראה אחרונה ${time}`,
  neverSent: "עוד לא נשלחה התראה",
  failed: (why) => `האחרונה לא הגיעה: ${why}.`,
  insecure: "התראות דורשות HTTPS. יש להציב פרוקסי עם HTTPS, או לפתוח את הדף במכונה עצמה.",
  install: "ב־iPhone או iPad התראות דורשות את היישום במסך הבית: יש להקיש על שיתוף, ואז על „הוספה למסך הבית”, לפתוח משם את MetatronOS ולחזור לדף הזה. נדרש iOS 16.4 ומעלה.",
  denied: "הדפדפן חוסם התראות מכאן. יש לאפשר אותן בהגדרות האתר בדפדפן ולטעון את הדף מחדש.",
  unsupported: "בדפדפן הזה אין התראות. אפשר להשתמש ב־Chrome, Edge, Firefox או Safari עדכניים.",
  notReady: "המפתח להתראות עוד נוצר. כדאי לנסות שוב בעוד רגע.",
  device: { iphone: "אייפון", ipad: "אייפד", android: "טלפון אנדרואיד", computer: "מחשב" },
  lock: {
    approval: "משהו ממתין למילה שלך",
    approvalBody: "הקשה תציג מה ה־AI רוצה לעשות.",
    test: "התראות מגיעות לכאן",
    testBody: "כך MetatronOS קורא לך.",
  },
}
