// English words of notifications: in the settings, and on the lock screen. The service worker reads them too.
export const push = {
  title: "Notifications",
  lead: "When something waits for your word, your devices say so. The lock screen never shows a command.",
  on: "Notify this device",
  off: "Stop on this device",
  thisDevice: "this device",
  none: "No device gets notifications.",
  name: "Name",
  rename: "Rename",
  test: "Send a test",
  testSent: "On its way. If it does not arrive within a minute, look at the system’s notification settings.",
  removeAsk: (name: string) => `Remove ${name}? It hears of nothing any more.`,
  lastSent: (time: string) => `last notified ${time}`,
  neverSent: "never notified",
  failed: (why: string) => `The last one did not arrive: ${why}.`,
  insecure: "Notifications need HTTPS. Put a proxy with HTTPS in front, or open this page on the machine itself.",
  install: "On an iPhone or iPad, notifications need the app on the Home Screen: tap Share, then “Add to Home Screen”, open MetatronOS from there and come back to this page. It takes iOS 16.4 or later.",
  denied: "This browser blocks notifications from here. Allow them in its settings for this site, then reload the page.",
  unsupported: "This browser has no notifications. Use a current Chrome, Edge, Firefox or Safari.",
  notReady: "The key for notifications is still being made. Try again in a moment.",
  device: { iphone: "iPhone", ipad: "iPad", android: "Android phone", computer: "Computer" },
  lock: {
    approval: "Something waits for your word",
    approvalBody: "Tap to see what the AI wants to do.",
    test: "Notifications arrive here",
    testBody: "This is how MetatronOS calls you.",
  },
}

export type PushWords = typeof push
