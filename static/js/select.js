/* Rows of a list that are selected: the box over them, a range with Shift, and how many there are. The bar itself comes
   up by the stylesheet, so that it does without script; here "all by the filter" ends when a row is taken out. */
(function () {
  "use strict";
  const rows = () => [...document.querySelectorAll("[data-select-row]")];
  const bar = () => document.querySelector("[data-bulk]");
  let last = null;

  function tell() {
    const all = rows();
    const chosen = all.filter((box) => box.checked);
    const whole = document.querySelector("[data-select-page]");
    if (whole) {
      whole.hidden = false;
      whole.checked = all.length > 0 && chosen.length === all.length;
      whole.indeterminate = chosen.length > 0 && chosen.length < all.length;
    }
    const said = bar() && bar().querySelector("[data-said]");
    if (said && !bar().querySelector("[data-select-all]")) said.textContent = said.dataset.said.replace("{count}", chosen.length);
  }

  function onlyRows() {
    const everything = bar() && bar().querySelector("[data-select-all]");
    if (everything) everything.remove();
  }

  function check(boxes, checked) {
    boxes.forEach((box) => { box.checked = checked; });
    onlyRows();
    tell();
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-select-page]")) check(rows(), event.target.checked);
    else if (event.target.matches("[data-select-row]")) { onlyRows(); tell(); }
  });
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const box = event.target.closest("[data-select-row]");
    if (box) {
      const all = rows();
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((one, other) => one - other);
      if (event.shiftKey && from >= 0) check(all.slice(from, to + 1), box.checked);
      last = box;
    }
    if (event.target.closest("[data-select-none]") && !location.search.includes("select=")) { event.preventDefault(); check(rows(), false); }
  });
  window.addEventListener("pageshow", tell);   // the browser brings boxes back with the page
  tell();
})();
