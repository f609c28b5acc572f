// What a page that is open inside Teams says to it: who is signed on there, and that it may be closed.
// Nothing that was typed ever goes this way (P8).
"use strict";
(() => {
  const PATIENCE_MS = 10000;
  const READING_MS = 6000;
  const teams = window.microsoftTeams;
  const start = document.getElementById("start");
  const close = document.getElementById("close");
  const asking = document.getElementById("secure-form")?.elements.sign_on;

  const inTime = (work) =>
    Promise.race([work, new Promise((_, fail) => setTimeout(() => fail(new Error("no answer")), PATIENCE_MS))]);

  // The library drops messages from any origin that is not one of Microsoft's.
  const ready = teams ? inTime(teams.app.initialize()) : Promise.reject(new Error("no library"));

  const signOn = async (field) => {
    if (field) field.value = await inTime(teams.authentication.getAuthToken());
  };

  // What is typed goes to our own server together with who is signed on, and nothing of that is kept there.
  const renew = async () => {
    try {
      await ready;
      await signOn(asking);
    } catch {
      // Then the server says so on the same page.
    }
  };

  const begin = async () => {
    const button = start.querySelector("button");
    const status = document.getElementById("opening");
    button.hidden = true;
    status.textContent = status.dataset.opening;
    try {
      await ready;
      await signOn(start.elements.sign_on);
      start.submit();
    } catch {
      // Not in Teams, or it would not say who is there: the person may press the button themselves.
      status.textContent = "";
      button.hidden = false;
    }
  };

  const mayClose = async () => {
    try {
      await ready;
    } catch {
      return;
    }
    const done = () => teams.dialog.url.submit();
    close.hidden = false;
    close.addEventListener("click", done);
    if (close.dataset.closes === "soon") setTimeout(done, READING_MS);
  };

  if (start) begin();
  if (close) mayClose();
  if (asking) {
    renew();
    addEventListener("pagehide", () => {
      asking.value = "";
    });
  }
  ready.catch(() => {});
})();
