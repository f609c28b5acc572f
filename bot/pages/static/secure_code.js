// One submit of a code, and nothing of it left behind when the page is. The page works without it.
"use strict";
(() => {
  const form = document.getElementById("secure-form");
  const field = document.getElementById("code");
  let submitted = false;

  form.addEventListener("submit", (event) => {
    if (submitted) {
      event.preventDefault();
      return;
    }
    submitted = true;
    const button = document.getElementById("submit");
    button.setAttribute("aria-disabled", "true");
    button.textContent = form.dataset.working;
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  addEventListener("pagehide", () => {
    if (field) field.value = "";
  });
})();
