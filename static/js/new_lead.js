/* A new lead: the city that the number's code names is put into its field, for as long as nobody has typed another. The
   number itself is checked while it is typed by htmx (leads/_phone_check.html), and again when the form is sent. */
(function () {
  "use strict";
  let guessed = "";

  document.addEventListener("htmx:afterSwap", (event) => {
    const { target } = event.detail;
    if (target.id !== "phone-check") return;
    const field = target.closest("form").elements.city;
    if (field.value !== "" && field.value !== guessed) return;
    const said = target.querySelector("[data-city]");
    guessed = said ? said.dataset.city : "";
    field.value = guessed;
  });
})();
