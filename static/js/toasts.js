/* Messages over the page: a good one leaves after eight seconds (the line drains; hover, focus and a hidden tab stop it),
   what failed stays until it is closed, and there are three at most. Others add to #messages, or ask for a message by
   crm:say with the id of its template, a sentence for its small print, and what its button does. */
(function () {
  "use strict";
  const MOST = 3;
  const box = document.getElementById("messages");
  if (!box) return;

  const worth = (toast) => (toast.matches(".toast--danger") ? 3 : toast.querySelector("[data-undo]") ? 2 : toast.matches(".toast--warn") ? 1 : 0);

  /* Too many: the least of them goes, of equals the oldest; never one that somebody is in. */
  function crowd() {
    const all = [...box.querySelectorAll(".toast")].filter((toast) => !toast.contains(document.activeElement));
    all.slice(-1).forEach((newest) => all.splice(all.indexOf(newest), 1));
    all.sort((one, other) => worth(one) - worth(other));
    for (let left = box.querySelectorAll(".toast").length; left > MOST && all.length; left -= 1) all.shift().remove();
  }

  function arm() {
    box.querySelectorAll("[data-leaves]").forEach((toast) => {
      delete toast.dataset.leaves;
      toast.querySelector(".toast__timer").addEventListener("animationend", () => toast.remove());
    });
    crowd();
  }

  /* Where the focus was before it came to the messages; it goes back there with the message that had it. */
  let before = null;
  box.addEventListener("focusin", (event) => { if (!box.contains(event.relatedTarget)) before = event.relatedTarget; });
  function leave(toast) {
    const had = toast.contains(document.activeElement);
    toast.remove();
    if (had) (before && before.isConnected ? before : document.getElementById("main")).focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const close = event.target instanceof Element ? event.target.closest("[data-close-toast]") : null;
    if (close) leave(close.closest(".toast"));
  });
  document.addEventListener("visibilitychange", () => document.documentElement.classList.toggle("away", document.hidden));

  document.addEventListener("crm:say", (event) => {
    const { name, text, again } = event.detail;
    const template = document.getElementById(name);
    if (!template) return;
    box.querySelectorAll(`[data-said="${name}"]`).forEach((old) => old.remove());
    const toast = template.content.cloneNode(true).querySelector(".toast");
    toast.dataset.said = name;
    if (text) toast.querySelector("small").textContent = text;
    if (toast.matches(".toast--danger")) toast.setAttribute("role", "alert");
    const repeat = toast.querySelector("[data-again]");
    if (repeat) {
      repeat.hidden = !again;
      repeat.addEventListener("click", () => { leave(toast); again(); });
    }
    box.append(toast);
  });

  new MutationObserver(arm).observe(box, { childList: true });
  arm();
})();
