// Helps while a new password is typed: live rules, show and hide, time left, one submit. The page works without it.
"use strict";
(() => {
  const WAIT_MS = 250;
  const RETRY_MS = 1000;
  const WARN_AT_SECONDS = [120, 60];

  const form = document.getElementById("secure-form");
  const field = document.getElementById("password");
  const rules = document.getElementById("rules");
  const words = form.dataset;
  let submitted = false;
  let over = false;

  const put = (id, text) => {
    const place = document.getElementById(id);
    if (place.textContent !== text) place.textContent = text;
  };
  const counted = (one, many, count) => (count === 1 ? one : many.replace("{n}", String(count)));

  // A reload after a refused try must ask anew, and not send that try again from the history.
  if ("again" in words) history.replaceState(null, "", location.href);

  // The rules, as our own server sees what is typed.

  let timer = 0;
  let asking = null;

  const mark = (line, kept) => {
    if (!line) return;
    if (kept === null) delete line.dataset.state;
    else line.dataset.state = kept ? "kept" : "open";
    const word = kept === null ? "" : ` – ${kept ? words.kept : words.notKept}`;
    line.querySelector("[data-word]").textContent = word;
  };

  const lineOf = (rule) => {
    let line = [...rules.children].find((one) => one.dataset.rule === rule.key);
    // Some rules are kept by nearly everybody: they join the list when they are broken.
    if (!line && !rule.kept && rules.firstElementChild) {
      line = rules.firstElementChild.cloneNode(true);
      line.dataset.rule = rule.key;
      rules.append(line);
    }
    if (line) line.querySelector("span").textContent = rule.text;
    return line;
  };

  const clear = () => {
    for (const line of rules.children) mark(line, null);
    put("live", "");
  };

  const show = (answer) => {
    for (const rule of answer.rules) mark(lineOf(rule), rule.kept);
    const left = answer.rules.filter((rule) => !rule.kept).length;
    put("live", left === 0 ? words.allKept : counted(words.leftOne, words.leftMany, left));
    if (left === 0) field.removeAttribute("aria-invalid");
  };

  const check = async () => {
    asking?.abort();
    if (over || submitted) return;
    if (!field.value) {
      clear();
      return;
    }
    asking = new AbortController();
    // One character more than allowed is enough to be told that it is too long.
    const typed = Array.from(field.value).slice(0, Number(words.longest) + 1).join("");
    let answer;
    try {
      answer = await fetch(`${location.pathname}/check?lang=${document.documentElement.lang}`, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          "X-Keyturn-Form": form.elements.token.value,
          ...(form.elements.seat && { "X-Keyturn-Seat": form.elements.seat.value }),
        },
        body: JSON.stringify({ password: typed }),
        cache: "no-store",
        credentials: "same-origin",
        redirect: "error",
        signal: asking.signal,
      });
      if (answer.ok) show(await answer.json());
    } catch {
      return; // The network, or a newer check: the server judges again at submit.
    }
    if (answer.status === 404) end();
    else if (answer.status === 422) put("live", words.unreadable);
    else if (answer.status === 429) later(RETRY_MS);
  };

  const later = (delay) => {
    clearTimeout(timer);
    timer = setTimeout(check, delay);
  };

  field.addEventListener("input", () => later(WAIT_MS));

  // Show and hide. It is hidden again before submitting, or a browser may keep it among typed texts.

  const toggle = document.getElementById("show");
  const reveal = (shown) => {
    field.type = shown ? "text" : "password";
    toggle.textContent = shown ? toggle.dataset.hide : toggle.dataset.show;
    toggle.setAttribute("aria-label", shown ? toggle.dataset.hideLabel : toggle.dataset.showLabel);
  };
  toggle.dataset.show = toggle.textContent;
  toggle.dataset.showLabel = toggle.getAttribute("aria-label");
  toggle.hidden = false;
  toggle.addEventListener("click", () => reveal(field.type === "password"));

  // One submit.

  form.addEventListener("submit", (event) => {
    if (submitted || over) {
      event.preventDefault();
      return;
    }
    submitted = true;
    clearTimeout(timer);
    asking?.abort();
    reveal(false);
    const button = document.getElementById("submit");
    button.setAttribute("aria-disabled", "true");
    button.textContent = words.working;
    put("working", words.workingWait);
  });

  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  addEventListener("pagehide", () => {
    field.value = "";
  });

  // Time left: shown every few seconds, said aloud twice.

  const ends = Date.now() + Number(words.seconds) * 1000;
  const intro = document.getElementById("time").dataset.intro;
  let warned = Infinity;

  const end = () => {
    if (over || submitted) return;
    over = true;
    clearInterval(clock);
    asking?.abort();
    field.value = "";
    const closed = document.getElementById("over");
    document.getElementById("ask").remove();
    closed.hidden = false;
    document.title = document.title.replace(/^.*(?= – )/, closed.querySelector("h1").textContent);
    closed.focus();
  };

  const tick = () => {
    const seconds = (ends - Date.now()) / 1000;
    if (seconds <= 0) {
      end();
      return;
    }
    const minutes = Math.round(seconds / 60);
    put("time", `${minutes > 1 ? words.timeMany.replace("{n}", String(minutes)) : words.timeOne} ${intro}`);
    for (const at of WARN_AT_SECONDS) {
      if (seconds <= at && warned > at && seconds > at - 30) {
        warned = at;
        put("warning", at > 60 ? words.warning.replace("{n}", String(Math.round(at / 60))) : words.warningOne);
      }
    }
  };
  const clock = setInterval(tick, 5000);
  setTimeout(tick, Math.max(0, ends - Date.now()) + 50);
})();
