/* What script adds to pages that work without it: dialogs, menus, copying, busy buttons, the focus on what is wrong.
   Everything is found by data attributes, so that pieces swapped in later need no setting up again. */
(function () {
  "use strict";
  const page = document.documentElement;
  const dialog = () => document.getElementById("dialog");

  // --- parts that only make sense with script
  function reveal(root) {
    root.querySelectorAll("[data-copy][hidden], [data-reveal][hidden], [data-print][hidden]").forEach((button) => { button.hidden = false; });
  }

  function focusFirstError(root) {
    const target = root.querySelector("[data-focus]") || root.querySelector("[aria-invalid='true'], .field--bad input");
    if (target) target.focus();
  }

  // --- presses
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    if (target.closest("[data-print]")) window.print();

    const close = target.closest("[data-close]");
    if (close && close.closest("dialog")) { event.preventDefault(); close.closest("dialog").close(); }
    if (target === dialog()) target.close();   // the backdrop

    const copy = target.closest("[data-copy]");
    if (copy && navigator.clipboard) {
      navigator.clipboard.writeText(copy.dataset.copy).then(() => say("toast-copied"), () => {});
    }

    const eye = target.closest("[data-reveal]");
    if (eye) {
      const field = document.getElementById(eye.dataset.reveal);
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      eye.setAttribute("aria-pressed", String(shown));
    }

    document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(target)) menu.open = false; });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
    }
  });

  document.addEventListener("change", (event) => {
    const form = event.target instanceof Element ? event.target.closest("form[data-autosubmit]") : null;
    if (form && !event.target.closest("[data-manual]")) form.requestSubmit();
  });

  // --- somebody needs to see what is behind a tab of the composer
  document.addEventListener("crm:show", (event) => {
    const pane = event.target.closest(".composer__pane");
    const tab = pane && document.querySelector(`[name="pane-tab"][value="pane-${/composer__pane--(\w+)/.exec(pane.className)[1]}"]`);
    if (tab) tab.checked = true;
  });

  // --- a form is sent once; the one-time token on the server is what makes that certain
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
    document.querySelectorAll("[aria-busy='true']").forEach((button) => button.removeAttribute("aria-busy"));
  });

  function say(name) { document.dispatchEvent(new CustomEvent("crm:say", { detail: { name } })); }   // toasts.js

  // --- htmx
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    reveal(document);
    if (target === dialog() && target.firstElementChild) {
      const drawer = target.querySelector(".dialog--drawer");
      target.classList.toggle("dialog--drawer", Boolean(drawer));
      if (drawer) drawer.classList.remove("dialog--drawer");
      if (!target.open) target.showModal();
      const first = target.querySelector("[autofocus]") || target.querySelector("input:not([type='hidden']), select, textarea");
      if (first) first.focus();
    }
    if (event.detail.xhr && [409, 422].includes(event.detail.xhr.status)) focusFirstError(target);
  });
  document.addEventListener("close", (event) => { if (event.target === dialog()) event.target.replaceChildren(); }, true);

  page.classList.add("js");
  reveal(document);
  if (document.querySelector("[data-focus]")) focusFirstError(document);
})();
