// The screen for the hall: what the site knows is asked for again and again; times run by the site's clock.
(function() {
  "use strict";

  const screen = document.getElementById("screen");
  // The site's time when it answered, and the time this page had been open then: what clock this machine keeps
  // is of no account.
  let then = 0,
    opened = 0;
  const seconds = (name) => parseFloat(screen.querySelector("main").dataset[name]);

  function answered() {
    then = seconds("now");
    opened = performance.now() / 1000;
  }
  const now = () => then + performance.now() / 1000 - opened;
  const two = (n) => String(n).padStart(2, "0");

  // The day's time as the site said it, gone on by what has passed since.
  function clock() {
    const place = screen.querySelector("[data-clock]"),
      [h, m, s] = place.dataset.clock.split(":").map(Number);
    const at = (h * 3600 + m * 60 + s + Math.floor(now() - Math.floor(then))) % 86400;
    place.textContent = [at / 3600, (at / 60) % 60, at % 60].map((n) => two(Math.floor(n))).join(":");
  }

  function countdown() {
    const place = screen.querySelector("[data-left]");
    if (!place) return;
    const left = Math.max(0, Math.floor(seconds("until") - now())),
      hours = Math.floor(left / 3600);
    if (hours >= 100) return;
    place.textContent = (hours ? hours + ":" : "") + two(Math.floor(left / 60) % 60) + ":" + two(left % 60);
  }

  function begin() {
    const place = screen.querySelector("[data-clock]");
    place.dataset.clock = place.textContent.trim();
    answered();
  }

  // What could not be asked for stays as it was, and says from when it is.
  function stale(words) {
    const place = document.getElementById("stale");
    place.textContent = words + screen.querySelector("[data-clock]").dataset.clock;
    place.hidden = false;
    document.body.classList.add("stale");
  }
  async function ask() {
    let wait = 5;
    try {
      const answer = await fetch(location.href, {
        headers: {
          "HX-Request": "true"
        },
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(8000)
      });
      if (answer.ok) {
        const text = await answer.text();
        // A page that is no screen, of a proxy say, takes nothing's place.
        if (text.includes("data-now=")) {
          screen.innerHTML = text;
          document.body.classList.remove("stale");
          begin();
          wait = seconds("seconds");
        } else stale(document.body.dataset.stale);
      } else stale(answer.status === 401 ? document.body.dataset.over : document.body.dataset.stale);
    } catch (error) {
      stale(document.body.dataset.stale);
    }
    setTimeout(ask, wait * 1000);
  }

  begin();
  setInterval(function() {
    if (document.body.classList.contains("stale")) return;
    clock();
    countdown();
  }, 250);
  setTimeout(ask, seconds("seconds") * 1000);
})();
