/* Asks every 20 seconds whether there is something new for whoever is signed in: the bell counts, the new ones come as
   messages. It never moves the page or takes the focus, and rests while the tab is hidden. Whose telephone the product
   knows is told of a call while it rings, so for them it asks every 2.5 seconds. */
(function () {
  "use strict";
  const bell = document.getElementById("bell");
  const messages = document.getElementById("messages");
  if (!bell || !messages || !window.fetch) return;
  const every = "rings" in bell.dataset ? 2500 : 20000;   // milliseconds
  const seen = { unread: bell.dataset.unread, last: bell.dataset.last, at: bell.dataset.at };
  let timer = 0;
  let asking = false;
  let askedAt = Date.now();

  function beep() {
    const Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) return;
    const audio = new Context();
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    volume.gain.value = 0.06;
    tone.frequency.value = 660;
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.15);
    tone.onended = () => audio.close();
  }

  // --- who else is in the card that is open, if it is one; the own work in it is told to the others
  const card = document.querySelector("[data-here]");
  let active = false;
  if (card) {
    for (const sign of ["keydown", "pointerdown", "pointermove", "input"]) {
      document.addEventListener(sign, () => { active = true; }, { passive: true });
    }
  }
  function asked() {
    const query = new URLSearchParams(seen);
    if (card) { query.set("lead", card.dataset.here); query.set("who", card.dataset.who); }
    if (active) query.set("active", "");
    active = false;
    return query;
  }
  function place(news) {
    card.dataset.who = news.who;
    card.innerHTML = news.here;
  }

  function show(news) {
    if ("here" in news) place(news);
    if (!("unread" in news)) return;
    Object.assign(seen, { unread: news.unread, last: news.last, at: news.at });
    const count = bell.querySelector(".count");
    count.textContent = news.unread;
    count.hidden = !news.unread;
    bell.setAttribute("aria-label", news.label);
    if (!news.toasts) return;
    messages.insertAdjacentHTML("beforeend", news.toasts);
    if (news.sound && "sound" in bell.dataset) beep();
  }

  async function ask() {
    if (asking || document.hidden) return;
    asking = true;
    askedAt = Date.now();
    try {
      const answer = await fetch(`${bell.dataset.news}?${asked()}`, { redirect: "error" });
      document.dispatchEvent(new Event("crm:reached"));
      if (answer.status === 200) show(await answer.json());
    } catch (_error) {
      // The session may be away, too: then the next page or form says so in words.
      fetch(document.body.dataset.alive).catch(() => document.dispatchEvent(new Event("crm:lost")));
    } finally {
      asking = false;
    }
    wait();
  }

  function wait() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(ask, Math.max(0, every - (Date.now() - askedAt)));
  }

  document.addEventListener("visibilitychange", wait);
  wait();
})();
