/* «Мой день» with script: on to what a result asks for, the hold that is renewed while somebody is working, the focus on
   the new client. */
(function () {
  "use strict";
  const card = document.querySelector(".next");
  if (!card) return;
  const form = document.getElementById("results");

  // --- a result chosen by its key goes on to what it asks for
  form.addEventListener("crm:chosen", (event) => {
    const more = form.querySelector(`.outcome__more--${event.target.value}`);
    const first = more && more.querySelector("input:checked, input:not([disabled])");
    if (first) first.focus();
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
