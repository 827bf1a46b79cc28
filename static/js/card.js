/* The card of a lead: recordings play where they stand, and fields are edited in their place (Enter saves, Esc takes
   back). Without script a recording opens by itself, and the pencil leads to the page of all fields. */
(function () {
  "use strict";

  // --- recordings
  function play(link) {
    const player = document.getElementById("player").content.cloneNode(true).firstElementChild;
    const audio = player.querySelector("audio");
    audio.src = link.href;
    audio.addEventListener("error", () => {
      player.querySelector("[data-not-there]").hidden = false;
      audio.hidden = true;
      player.querySelector("[role='group']").hidden = true;
    });
    audio.addEventListener("play", () => {   // one at a time
      document.querySelectorAll(".player audio").forEach((other) => { if (other !== audio) other.pause(); });
    });
    link.replaceWith(player);
    audio.focus();
    audio.play().catch(() => {});
  }

  function speed(button) {
    const player = button.closest(".player");
    player.querySelector("audio").playbackRate = Number(button.dataset.speed);
    player.querySelectorAll("[data-speed]").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const link = target && target.closest("a[data-recording]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      play(link);
    }
    const button = target && target.closest("[data-speed]");
    if (button) speed(button);
  });

  // --- fields in their place
  document.addEventListener("keydown", (event) => {
    const form = event.target instanceof Element ? event.target.closest("form[data-in-place]") : null;
    if (!form || event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    form.querySelector("[data-take-back]").click();
  }, true);

  document.addEventListener("change", (event) => {   // a choice is one press
    const form = event.target instanceof Element ? event.target.closest("form[data-in-place]") : null;
    if (form && event.target.matches("select")) form.requestSubmit();
  });

  document.addEventListener("htmx:afterSettle", (event) => {   // from then on its keys do something
    const place = event.detail.target;
    if (!place.matches("[data-field]")) return;
    const next = place.querySelector("input:not([type='hidden']), select, textarea, .pencil");
    if (!next) return;
    next.focus();
    if (next.matches("input")) next.select();
  });

  // The other forms of the page were made from the version before one's own change.
  document.addEventListener("crm:version", (event) => {
    document.querySelectorAll("input[name='version']").forEach((input) => { input.value = event.detail.version; });
  });
})();
