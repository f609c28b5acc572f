// Asks whether a request is settled, and shows the result when it is.
"use strict";
(() => {
  const SOON_MS = 2000;
  const LATER_MS = 10000;
  const began = Date.now();

  // Inside Teams the page is known by what its form holds, elsewhere by the browser's cookie.
  const form = document.getElementById("again");
  const question = form ? { method: "POST", body: new URLSearchParams(new FormData(form)) } : { method: "HEAD" };

  const ask = async () => {
    try {
      const answer = await fetch(location.href, { ...question, cache: "no-store", credentials: "same-origin" });
      const state = answer.headers.get("Keyturn-State");
      if (state && state !== "checking") {
        if (form) form.submit();
        else location.replace(location.href);
        return;
      }
    } catch {
      // Offline for a moment: ask again.
    }
    setTimeout(ask, Date.now() - began < 60000 ? SOON_MS : LATER_MS);
  };
  setTimeout(ask, SOON_MS);
})();
