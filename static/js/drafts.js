/* Keeps what is typed into forms, in this tab, until it has been saved: through an error page, a lost connection, a
   session that ended. It is put back into the same field of the same form for the same person, if what stood there
   before is what stands there now. Passwords are never kept, and signing out forgets everything. */
(function () {
  "use strict";
  const PREFIX = "draft:";
  const me = document.body.dataset.me;
  const FIELDS = "textarea[name], input[name]:not([type]), input[name][type='text'], input[name].input:not([type='password'], [type='file'], [type='hidden'])";
  let store;
  try { store = window.sessionStorage; store.getItem(PREFIX); } catch (_error) { return; }

  const kept = () => Object.keys(store).filter((key) => key.startsWith(PREFIX));
  const keyOf = (form) => `${PREFIX}${me}:${new URL(form.getAttribute("action") || location.pathname, location.href).pathname}`;
  const read = (key) => JSON.parse(store.getItem(key) || "null") || { fields: {} };
  const keeps = (form) => form instanceof HTMLFormElement && form.method === "post" && !form.querySelector("[type='password']");

  // --- while somebody types
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!me || !(field instanceof Element) || !field.matches(FIELDS) || !keeps(field.form)) return;
    const draft = read(keyOf(field.form));
    if (field.value === field.defaultValue) delete draft.fields[field.name];
    else draft.fields[field.name] = [field.value, field.defaultValue];
    try {
      if (Object.keys(draft.fields).length) store.setItem(keyOf(field.form), JSON.stringify(draft));
      else store.removeItem(keyOf(field.form));
    } catch (_error) { /* no room: the server's copy has to do */ }
  });

  function restore(root) {
    root.querySelectorAll("form").forEach((form) => {
      if (!keeps(form)) return;
      for (const [name, [text, before]] of Object.entries(read(keyOf(form)).fields)) {
        const field = form.elements[name];
        if (!(field instanceof Element) || field.value !== before || field.defaultValue !== before) continue;
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("crm:show", { bubbles: true }));
      }
    });
  }

  // --- saved or not: a form that leaves the page is settled by the page that comes
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.forgets !== undefined) { kept().forEach((key) => store.removeItem(key)); return; }
    if (!keeps(form) || !store.getItem(keyOf(form))) return;
    store.setItem(keyOf(form), JSON.stringify({ ...read(keyOf(form)), sent: true }));
  });
  function settle() {
    const [navigation] = performance.getEntriesByType("navigation");
    // What is saved answers by leading on to a page; what is not, with a page of its own, or with the sign-in.
    const saved = me && navigation && navigation.redirectCount > 0 && navigation.type === "navigate";
    for (const key of kept()) {
      const draft = read(key);
      if (me && !key.startsWith(`${PREFIX}${me}:`) || draft.sent && saved) store.removeItem(key);
      else if (draft.sent) store.setItem(key, JSON.stringify({ fields: draft.fields }));
    }
  }
  function forget(form) { if (keeps(form)) store.removeItem(keyOf(form)); }
  document.addEventListener("crm:saved", (event) => forget(event.target));
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, successful, requestConfig } = event.detail;
    const form = elt.closest && elt.closest("form");
    if (form && successful && requestConfig && requestConfig.verb === "post") forget(form);
  });
  // «Отмена» of a dialog is a decision, Esc may be a slip.
  document.addEventListener("click", (event) => {
    const cancel = event.target instanceof Element ? event.target.closest(".dialog__foot [data-close]") : null;
    if (cancel && cancel.closest("form")) forget(cancel.closest("form"));
  });

  settle();
  if (!me) return;
  restore(document);
  document.addEventListener("htmx:afterSwap", (event) => restore(event.detail.target));
  document.addEventListener("crm:opened", (event) => restore(event.target));
})();
