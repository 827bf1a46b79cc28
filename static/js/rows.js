/* J and K go down and up the rows of a list (its cards on a phone), X selects the row: the focus is on the row's link, so
   that Enter opens it and a screen reader says it. */
(function () {
  "use strict";
  const LINK = "a[href]:not([href^='tel:'])";
  const rows = () => [...document.querySelectorAll("main tbody tr")].filter((row) => row.querySelector(LINK) && row.getClientRects().length);
  const present = () => (document.activeElement ? document.activeElement.closest("main tbody tr") : null);
  let last = null;   // the row one was in before the focus went elsewhere

  function step(by) {
    const all = rows();
    const at = all.indexOf(present() || last);
    const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
    if (!next) return false;
    last = next;
    next.querySelector(LINK).focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  function select() {
    const row = present() || last;
    const box = row && row.isConnected ? row.querySelector("[data-select-row]") : null;
    if (!box) return false;
    box.click();
    return true;
  }

  document.addEventListener("crm:key", (event) => {
    const done = { KeyJ: () => step(1), KeyK: () => step(-1), KeyX: select }[event.detail];
    if (done && done()) event.preventDefault();
  });
})();
