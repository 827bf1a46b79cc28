/* A message by a link: the link follows messenger and text as they are chosen and typed; once it was opened, and when
   the person comes back, the page asks whether the message was sent. Forms are found by data-message, on a page or in
   the dialog; the form works without all this. */
(function () {
  "use strict";
  const formOf = (node) => (node instanceof Element ? node.closest("form[data-message]") : null);
  const chosen = (form) => form.querySelector("input[name='messenger']:checked");

  /* The link of the chosen messenger with the text as it stands. The server has put the number in. */
  function refresh(form) {
    const messenger = chosen(form);
    const open = form.querySelector("[data-open]");
    if (!messenger || !open) return;
    const text = form.querySelector("textarea[name='text']").value.trim().replace(/\r\n/g, "\n");
    const takesText = messenger.dataset.link.includes("{text}");
    open.href = messenger.dataset.link.replaceAll("{text}", () => encodeURIComponent(text));
    open.textContent = open.dataset.label.replace("{name}", () => messenger.dataset.name);
    form.querySelector("[data-no-text]").hidden = takesText;
  }

  function ask(form) {
    const question = form.querySelector("[data-asked]");
    question.hidden = false;
    question.querySelector("button").focus();
    question.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("change", (event) => {
    const form = formOf(event.target);
    if (!form) return;
    if (event.target.name === "template") {
      const text = form.querySelector("textarea[name='text']");
      text.value = event.target.dataset.text;
    }
    refresh(form);
  });
  document.addEventListener("input", (event) => { const form = formOf(event.target); if (form) refresh(form); });

  document.addEventListener("click", (event) => {
    const form = formOf(event.target);
    if (!form) return;
    const text = form.querySelector("textarea[name='text']");
    if (event.target.closest("[data-copy-message]") && navigator.clipboard) {
      navigator.clipboard.writeText(text.value).catch(() => {});
    }
    if (event.target.closest("[data-open]")) {
      refresh(form);
      if (!text.value.trim()) {   // nothing to send: the browser says so at the field
        event.preventDefault();
        text.reportValidity();
        return;
      }
      form.dataset.opened = "1";
      ask(form);
    }
  });

  /* Back from the messenger: the question has the focus, so that Enter answers it. */
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    const form = document.querySelector("form[data-message][data-opened]");
    if (form) ask(form);
  });
})();
