// Says that the chat could not start, when one of its scripts never came or broke before anything was shown.
"use strict";
addEventListener("error", ({ target }) => {
  const place = document.getElementById("window");
  if (place.childElementCount || !(target === window || target instanceof HTMLScriptElement)) return;
  document.getElementById("status").textContent = JSON.parse(place.dataset.settings).texts["status.failed"];
}, true);
