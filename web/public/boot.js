// Before the first paint: theme, language and direction as this browser last had them.
;(function () {
  try {
    var page = document.documentElement
    var theme = localStorage.getItem("metatron.theme")
    var language = localStorage.getItem("metatron.language") || (/^(he|iw)\b/.test(navigator.language) ? "he" : "en")
    if (theme === "light" || theme === "dark") page.dataset.theme = theme
    page.lang = language
    page.dir = language === "he" ? "rtl" : "ltr"
  } catch {
    // Storage may be blocked; the defaults of index.html stand.
  }
})()
