/* «Мой день» with script: keys, the hold that is renewed while somebody is working, the focus on the new client.
   Keys go by the physical key (event.code), since people type in the Russian layout, and rest while one is writing. */
(function () {
  "use strict";
  const card = document.querySelector(".next");
  if (!card) return;
  const form = document.getElementById("results");

  // --- keys; <body data-keys="off"> switches them off
  const WRITING = "input:not([type='radio'], [type='checkbox']), textarea, select, [contenteditable]";
  const isWriting = (element) => element instanceof Element && element.matches(WRITING);

  function choose(radio) {
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    const more = form.querySelector(`.outcome__more--${radio.value}`);
    const first = more && more.querySelector("input:checked, input:not([disabled])");
    (first || radio).focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.code === "Enter" && (event.ctrlKey || event.metaKey)) {
      if (event.target instanceof HTMLTextAreaElement) return;
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    if (document.body.dataset.keys === "off" || document.querySelector("dialog[open]") || isWriting(event.target)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat) return;
    const target = card.querySelector(`[data-key="${event.code.replace("Numpad", "Digit")}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input")) choose(target);
    else if (target.matches("summary")) {
      target.parentElement.open = true;
      target.parentElement.querySelector("button").focus();
    } else target.click();
  });

  // --- the hold: renewed at most every three minutes, and only if something was done meanwhile
  const until = card.querySelector("[data-until]");
  const EVERY = 3 * 60 * 1000;
  let active = false;
  let asked = Date.now();
  for (const sign of ["keydown", "pointerdown", "pointermove", "input"]) {
    document.addEventListener(sign, () => { active = true; }, { passive: true });
  }

  async function renew() {
    active = false;
    asked = Date.now();
    const token = form.querySelector("[name='csrfmiddlewaretoken']").value;
    const answer = await fetch(card.dataset.hold, { method: "POST", headers: { "X-CSRFToken": token } });
    if (answer.status === 409) { until.textContent = until.dataset.lost; return; }
    if (!answer.ok) return;
    const told = await answer.json();
    until.dataset.until = told.until;
    until.textContent = until.textContent.replace(/\d\d:\d\d/, told.time);
  }

  setInterval(() => {
    if (!until) return;
    if (new Date(until.dataset.until) < new Date()) until.textContent = until.dataset.lost;
    if (active && !document.hidden && Date.now() - asked >= EVERY) renew().catch(() => {});
  }, 15 * 1000);

  // --- the new client's name has the focus, so that keys and screen readers begin there
  if (!document.querySelector("[data-focus], [aria-invalid='true'], .field--bad")) {
    document.getElementById("next-name").focus({ preventScroll: true });
  }
})();
