/* Single keys. They go by the physical key (event.code), since people type in the Russian layout, and rest while one is
   writing or a dialog is open. Which keys there are on this page, the body says (crm/keys.py); what a key does is to use
   the element that carries it as data-key. A key without an element is told to others as crm:key. */
(function () {
  "use strict";
  const { keys = "", shortcuts } = document.body.dataset;
  const here = new Set(keys.split(",").filter(Boolean));
  const CHORD = 1500;   // milliseconds between the two keys of a pair
  const ALWAYS = "Control+Enter";
  const WRITING = "input:not([type='radio'], [type='checkbox'], [type='button'], [type='submit']), textarea, select, [contenteditable]";
  // The signs on their own keys elsewhere: on the Russian layout they need Shift.
  const SIGNS = { "/": "Slash", "?": "Shift+Slash" };
  let first = "";
  let firstAt = 0;

  const isWriting = (element) => element instanceof Element && element.matches(WRITING);
  const shown = (element) => element.getClientRects().length > 0;

  function find(combination) {
    const selector = combination === "KeyU" ? "#messages [data-undo]" : `[data-key="${combination}"]`;
    const all = [...document.querySelectorAll(selector)];
    if (combination === "KeyU") return all.pop();
    return all.find(shown) || all[0];
  }

  function use(found) {
    const element = found.control || found;   // a label stands for its field
    if (!shown(found)) found.dispatchEvent(new Event("crm:show", { bubbles: true }));
    if (element.matches("[type='radio']")) {
      element.checked = true;
      element.focus();
      element.dispatchEvent(new Event("change", { bubbles: true }));
      element.dispatchEvent(new CustomEvent("crm:chosen", { bubbles: true }));
    } else if (element.matches(WRITING)) {
      element.focus();
      if (element.select) element.select();
    } else if (element.matches("summary")) {
      element.parentElement.open = true;
      const inside = element.parentElement.querySelector("button, a[href], input:not([type='hidden'])");
      if (inside) inside.focus();
    } else if (element.matches("form")) element.requestSubmit();
    else element.click();
  }

  function pressed(event, combination) {
    const element = find(combination);
    if (element) { event.preventDefault(); use(element); return; }
    const heard = !document.dispatchEvent(new CustomEvent("crm:key", { detail: combination, cancelable: true }));
    if (heard) event.preventDefault();
  }

  function save(event) {
    const form = event.target instanceof Element ? event.target.closest("form[method='post']") : null;
    const written = form && (isWriting(event.target) || form.querySelector(`[data-key="${ALWAYS}"]`));
    if (written) { event.preventDefault(); form.requestSubmit(form.querySelector(`[data-key="${ALWAYS}"]`) || undefined); return; }
    if (here.has(ALWAYS) && !document.querySelector("dialog[open]")) pressed(event, ALWAYS);
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat) return;
    if (event.code === "Enter" && (event.ctrlKey || event.metaKey)) { save(event); return; }
    if (shortcuts === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isWriting(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "Shift") return;
    const code = SIGNS[event.key] || (event.shiftKey ? "Shift+" : "") + event.code.replace("Numpad", "Digit");
    const pair = first && Date.now() - firstAt < CHORD ? `${first} ${code}` : "";
    first = "";
    if (here.has(pair)) pressed(event, pair);
    else if (here.has(code)) pressed(event, code);
    else if ([...here].some((known) => known.startsWith(`${code} `))) { first = code; firstAt = Date.now(); }
  });
})();
