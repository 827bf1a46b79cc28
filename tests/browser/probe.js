/* What a test asks of an open page: how heavy it was, what axe-core finds, which labels are cut, what sticks out. */
globalThis.probe = (() => {
  const shifts = [];
  new PerformanceObserver((list) => shifts.push(...list.getEntries())).observe({ type: "layout-shift", buffered: true });

  const nextFrame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  const named = (element) => {
    const words = (element.innerText || element.getAttribute("aria-label") || "").trim().replace(/\s+/g, " ").slice(0, 40);
    return `${element.tagName.toLowerCase()}.${[...element.classList].join(".")} «${words}»`;
  };

  async function measured() {
    await nextFrame();
    const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
      .filter((entry) => !/favicon|\/news\//.test(entry.name));
    return {
      transferred: entries.map((entry) => [entry.name, entry.transferSize]),
      shift: shifts.reduce((sum, entry) => sum + entry.value, 0),
      moved: shifts.flatMap((entry) => entry.sources.map((source) => (source.node instanceof Element ? named(source.node) : ""))),
    };
  }

  /* Of rows, cards and options that look the same one stays, since axe-core looks at colours, names and roles. */
  function thin() {
    const looks = (element) => `${element.tagName}.${element.className.baseVal ?? element.className}(${[...element.children].map(looks)})`;
    for (const holder of document.querySelectorAll("tbody, ul, ol, select, dl")) {
      const seen = new Set();
      for (const child of [...holder.children]) {
        if (seen.has(looks(child))) child.remove(); else seen.add(looks(child));
      }
    }
  }

  const told = (results, theme) => results.violations.map((rule) =>
    `${theme}: ${rule.id} (${rule.nodes.length}): ${rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
  const COLOURS = ["color-contrast", "link-in-text-block"];

  async function violations(where) {
    const tags = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
    const rules = Object.fromEntries(COLOURS.map((rule) => [rule, { enabled: false }]));
    return told(await axe.run(where, { runOnly: tags, rules, resultTypes: ["violations"], preload: false, iframes: false }), "any theme");
  }

  /* The colours in both themes, of words that look as none on a page before: what a colour follows from are the classes
     and states of an element and of what it stands in. */
  async function colours() {
    const STATES = ["aria-current", "aria-pressed", "aria-sort", "aria-invalid", "aria-disabled", "disabled", "open", "hidden", "type", "role", "readonly"];
    const look = (element) => `${element.tagName}.${element.className.baseVal ?? element.className}[${STATES.filter((name) => element.hasAttribute(name)).map((name) => name + element.getAttribute(name))}]${element.matches(":checked") ? "*" : ""}`;
    const path = (element) => (element === document.body ? "" : `${path(element.parentElement)}/${look(element)}`);
    const speaks = (element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const seen = new Set(JSON.parse(sessionStorage.getItem("probe") || "[]"));
    const fresh = [...document.body.querySelectorAll("*")].filter((element) => {
      if (!speaks(element) || !element.getClientRects().length || seen.has(path(element))) return false;
      return seen.add(path(element));
    });
    sessionStorage.setItem("probe", JSON.stringify([...seen]));
    const found = [];
    const kept = document.documentElement.dataset.theme;
    for (const theme of fresh.length ? ["light", "dark"] : []) {
      document.documentElement.dataset.theme = theme;
      const rules = { type: "rule", values: COLOURS };
      found.push(...told(await axe.run({ include: fresh }, { runOnly: rules, resultTypes: ["violations"], iframes: false }), theme));
    }
    if (kept) document.documentElement.dataset.theme = kept; else delete document.documentElement.dataset.theme;
    return found;
  }

  /* Labels, buttons and headings whose words do not fit into what hides the rest. */
  const LABELS = "button, .btn, summary, label, legend, th, dt, h1, h2, h3, .pill, .chip, .tag, .count, .seg > *, .views a, nav a, .hint, .banner p, .steps a, .steps button, .kpi__label";
  const words = (element) => [...element.childNodes].some((node) => (node.nodeType === Node.TEXT_NODE ? node.data.trim() : node instanceof HTMLElement && !node.matches(".sr") && words(node)));
  function cut(language = "ru") {
    const found = [];
    for (const element of document.querySelectorAll(LABELS)) {
      const box = element.getBoundingClientRect();
      if (box.width < 2 || box.height < 2 || !words(element) || element.closest(".sr")) continue;
      for (let holder = element; holder && holder !== document.body; holder = holder.parentElement) {
        const { overflowX, clipPath } = getComputedStyle(holder);
        if (overflowX === "auto" || overflowX === "scroll") break;
        if (overflowX !== "hidden" && overflowX !== "clip") continue;
        if (holder.clientWidth < 2 || clipPath.includes("inset(50%)")) break;
        const out = holder === element ? holder.scrollWidth - holder.clientWidth : box.right - holder.getBoundingClientRect().right;
        if (out > 1) { found.push(`${language}: cut by ${Math.round(out)} px: ${named(element)}`); break; }
      }
    }
    return [...new Set(found)];
  }

  /* What makes the page wider than the window. */
  async function sideways() {
    await nextFrame();
    const room = document.documentElement.clientWidth;
    if (document.scrollingElement.scrollWidth <= room) return [];
    const wide = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > room + 1);
    return [`at ${innerWidth} px the page is ${document.scrollingElement.scrollWidth} px wide: ${wide.slice(0, 3).map(named).join(" | ")}`];
  }

  /* The same page in English, put in place of this one: what it loads is the same. */
  async function inEnglish() {
    document.cookie = "django_language=en; path=/";
    const answer = await fetch(location.href);
    document.cookie = "django_language=; path=/; max-age=0";
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page.documentElement.lang !== "en") return [`in English it is ${page.documentElement.lang}`];
    document.body.replaceWith(page.body);
    return cut("en");
  }

  return { measured, thin, violations, colours, cut, sideways, inEnglish };
})();
