/* What becomes of a request that is not answered as it should be: no connection, signed out, a failure of ours. Nothing
   typed is lost by it (drafts.js keeps it), and what was tried can be tried again by a button. */
(function () {
  "use strict";
  const { login, alive } = document.body.dataset;
  const say = (name, detail) => document.dispatchEvent(new CustomEvent("crm:say", { detail: { name, ...detail } }));
  const offline = () => document.querySelector("[data-said='toast-offline'], [data-said='toast-silent']");
  let lost = false;

  /* How to do again what an htmx request did: its form is sent, its button or link is pressed. */
  const repeating = (element) => () => (element.matches("form") ? element.requestSubmit() : element.click());

  function gone(again) {
    lost = true;
    if (!again && offline()) return;
    if (offline()) offline().remove();
    say(again ? "toast-offline" : "toast-silent", { again });
  }
  function back() {
    lost = false;
    if (offline()) offline().remove();
  }
  const reach = () => fetch(alive, { cache: "no-store" }).then((answer) => { if (!answer.ok) throw new Error("no"); back(); });

  document.addEventListener("crm:lost", (event) => gone(event.detail && event.detail.again));
  document.addEventListener("crm:reached", back);
  window.addEventListener("offline", () => gone());
  window.addEventListener("online", () => reach().catch(() => {}));

  // --- a form that would leave the page while nobody answers: the page would be lost, so it asks first
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !lost && navigator.onLine || form.method !== "post") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = event.submitter;
    reach().then(() => form.requestSubmit(submitter), () => gone(() => form.requestSubmit(submitter)));
  }, true);

  // --- partial updates
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    back();
    if (event.detail.xhr.status !== 401 || !login) return;
    event.preventDefault();
    location.assign(`${login}?ended=1&next=${encodeURIComponent(location.pathname + location.search)}`);
  });
  document.addEventListener("htmx:sendError", (event) => gone(repeating(event.detail.elt)));
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr, elt } = event.detail;
    if (xhr.status === 401) return;
    const code = xhr.getResponseHeader("X-Error-Code");
    const text = code ? document.getElementById("toast-failed").dataset.code.replace("{code}", code) : "";
    say("toast-failed", { text, again: repeating(elt) });
  });
})();
