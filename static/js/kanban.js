/* Dragging cards of a board: of leads, of deals. Without it each card's menu leads to the same pages.
   A drop posts the same form as those pages; what a column asks for opens in the dialog; a refusal is read there too. */
(function () {
  "use strict";
  const dialog = document.getElementById("dialog");
  let dragged = null;
  let moved = "";   // the card that was dropped last

  const board = () => document.querySelector("[data-board]");
  const columnOf = (node) => (node instanceof Element ? node.closest("[data-column]") : null);

  function arm(root) {
    root.querySelectorAll("[data-card]").forEach((card) => { card.draggable = true; });
  }

  // --- while a card is in the air, the columns say where it may go
  document.addEventListener("dragstart", (event) => {
    const card = event.target instanceof Element ? event.target.closest("[data-card]") : null;
    if (!card || !board()) return;
    dragged = card;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.dataset.card);
    const home = columnOf(card);
    const allowed = home.dataset.allowed.split(" ");
    card.classList.add("kcard--dragged");
    board().querySelectorAll("[data-column]").forEach((column) => {
      column.classList.toggle("col--open", allowed.includes(column.dataset.column));
      column.classList.toggle("col--closed", column !== home && !allowed.includes(column.dataset.column));
    });
  });
  document.addEventListener("dragend", settle);
  function settle() {
    if (!dragged) return;
    dragged.classList.remove("kcard--dragged");
    dragged = null;
    document.querySelectorAll(".col--open, .col--closed, .col--over").forEach((column) => column.classList.remove("col--open", "col--closed", "col--over"));
  }
  document.addEventListener("dragover", (event) => {
    const column = columnOf(event.target);
    if (!dragged || !column || column === columnOf(dragged)) return;
    event.preventDefault();
    document.querySelectorAll(".col--over").forEach((other) => { if (other !== column) other.classList.remove("col--over"); });
    column.classList.add("col--over");
  });
  document.addEventListener("drop", (event) => {
    const column = columnOf(event.target);
    if (!dragged || !column) return;
    event.preventDefault();
    const card = dragged;
    moved = card.dataset.card;
    const home = columnOf(card);
    settle();
    if (column === home) return;
    const may = home.dataset.allowed.split(" ").includes(column.dataset.column);
    if (may && (column.hasAttribute("data-asks") || home.hasAttribute("data-asks-leaving"))) ask(card, column.dataset.column);
    else move(card, column.dataset.column);
  });

  // --- a column that asks for nothing, or that will refuse with a sentence; #move says how the form calls the column
  const choice = () => document.querySelector("#move [data-choice]");
  function move(card, to) {
    const form = choice().form;
    choice().value = to;
    form.elements.version.value = card.dataset.version;
    card.setAttribute("aria-busy", "true");
    send(card.dataset.url, new FormData(form)).finally(() => card.removeAttribute("aria-busy"));
  }

  // --- a column that asks: its form, in the dialog
  function ask(card, to) {
    fetch(`${card.dataset.url}?${choice().name}=${to}`, { headers: { "HX-Request": "true" } })
      .then((response) => response.text().then(open), () => lost(() => ask(card, to)));
  }
  dialog.addEventListener("submit", (event) => {
    if (!board()) return;
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    send(form.getAttribute("action"), new FormData(form, event.submitter));
  });

  function send(url, body) {
    return fetch(url, { method: "POST", body, headers: { "HX-Request": "true" }, redirect: "manual" }).then((response) => {
      if (response.type === "opaqueredirect") { if (dialog.open) { saved(); dialog.close(); } return refresh(); }
      return response.text().then(open);
    }, () => lost(() => send(url, body)));
  }
  function open(html) {
    const piece = new DOMParser().parseFromString(html, "text/html");
    const part = piece.querySelector("[data-dialog]");
    if (!part) { refused(piece.body.textContent.trim()); return; }
    dialog.replaceChildren(part);
    if (!dialog.open) dialog.showModal();
    const first = dialog.querySelector("[data-focus], [aria-invalid='true'], [autofocus], input:not([type='hidden']), select, textarea");
    if (first) first.focus();
    dialog.dispatchEvent(new Event("crm:opened", { bubbles: true }));
  }
  function refused(sentence) {
    if (dialog.open) dialog.close();
    const toast = document.getElementById("toast-refused").content.cloneNode(true).querySelector(".toast");
    toast.setAttribute("role", "alert");
    toast.querySelector("small").textContent = sentence;
    document.getElementById("messages").append(toast);
  }
  function saved() {
    const form = dialog.querySelector("form");
    if (form) form.dispatchEvent(new Event("crm:saved", { bubbles: true }));
  }
  function lost(again) { document.dispatchEvent(new CustomEvent("crm:lost", { detail: { again } })); }   // connection.js

  // --- the board as it is now, each column where it was scrolled to
  function refresh() {
    return fetch(location.href).then((response) => response.text()).then((html) => {
      const fresh = new DOMParser().parseFromString(html, "text/html");
      const old = board();
      const places = [...old.querySelectorAll(".col__list")].map((list) => list.scrollTop);
      const left = old.scrollLeft;
      const next = fresh.querySelector("[data-board]");
      old.replaceWith(next);
      next.scrollLeft = left;
      next.querySelectorAll(".col__list").forEach((list, place) => { list.scrollTop = places[place] || 0; });
      arm(next);
      if (window.htmx) window.htmx.process(next);
      if (document.activeElement === document.body) (next.querySelector(`[data-card="${moved}"] a`) || next).focus({ preventScroll: true });
      const said = document.getElementById("messages");
      fresh.querySelectorAll("#messages .toast").forEach((toast) => said.append(toast));
    }, () => lost(refresh));
  }

  document.addEventListener("htmx:afterSwap", () => { if (board()) arm(board()); });
  if (board()) arm(board());
})();
