// Keeps the chosen person's phone and mailbox up to date, and copies the code.
"use strict";
(() => {
  const EVERY_MS = 1000;
  const SOON_SECONDS = 6;

  const person = document.getElementById("person");
  const words = person.dataset;
  const period = Number(words.period);
  const code = document.getElementById("code");
  const list = document.getElementById("mails");

  const shown = new Set([...list.children].map((mail) =>
    mail.querySelector("time").dateTime + mail.querySelector("bdi").textContent));

  const localTime = (time) => new Date(time.dateTime).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "medium" });

  const showCode = (news) => {
    if (!code || news.code === null) return;
    if (code.dataset.code !== news.code) {
      code.dataset.code = news.code;
      document.getElementById("digits").textContent = `${news.code.slice(0, 3)} ${news.code.slice(3)}`;
    }
    document.getElementById("ring").setAttribute("stroke-dashoffset", String(100 - (news.seconds_left / period) * 100));
    document.getElementById("left").textContent = words.left.replace("{n}", String(Math.ceil(news.seconds_left)));
    code.closest(".handset").classList.toggle("soon", news.seconds_left <= SOON_SECONDS);
  };

  const mailItem = (mail) => {
    const item = document.getElementById("mail").content.firstElementChild.cloneNode(true);
    item.querySelector("h3 bdi").textContent = mail.subject;
    item.querySelector(".to bdi").textContent = mail.to;
    item.querySelector("time").dateTime = mail.time;
    item.querySelector("time").textContent = localTime(item.querySelector("time"));
    item.querySelector(".body").textContent = mail.body;
    item.classList.add("fresh");
    return item;
  };

  const showMails = (mails) => {
    const newer = mails.filter((mail) => !shown.has(mail.time + mail.subject));
    if (newer.length === 0) return;
    for (const mail of newer) shown.add(mail.time + mail.subject);
    for (const old of list.querySelectorAll(".fresh")) old.classList.remove("fresh");
    list.prepend(...newer.map(mailItem));
    document.getElementById("no-mail").hidden = true;
    document.getElementById("mail-news").textContent = words.new;
  };

  const showPassword = (password) => {
    const place = document.getElementById("password");
    if (!place) return;
    if (password === null) place.replaceWith(words.unknown);
    else place.querySelector("bdi").textContent = password;
  };

  const showPaper = (codes) => {
    const paper = document.getElementById("paper");
    if (!paper) return;
    if (codes.length === 0) paper.remove();     // Newer ones were made, and those were shown to their owner only.
    else codes.forEach((one, at) => { paper.querySelectorAll(".used")[at].hidden = !one.used; });
  };

  const showStaff = (staff) => {
    for (const one of staff) {
      const place = document.querySelector(`[data-staff="${CSS.escape(one.name)}"]`);
      if (place) place.textContent = one.code;
    }
  };

  const refresh = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(words.news, { cache: "no-store" });
        if (answer.ok) {
          const news = await answer.json();
          showCode(news);
          showMails(news.mails);
          showPassword(news.password);
          showPaper(news.recovery_codes);
          showStaff(news.staff);
        }
      } catch {
        // The server restarts now and then while somebody develops: ask again.
      }
    }
    setTimeout(refresh, EVERY_MS);
  };

  code?.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.dataset.code);
      const copied = document.getElementById("copied");
      copied.textContent = words.copied;
      setTimeout(() => { copied.textContent = ""; }, 3000);
    } catch {
      getSelection().selectAllChildren(document.getElementById("digits"));
    }
  });

  for (const time of list.querySelectorAll("time")) time.textContent = localTime(time);
  const disclosure = document.getElementById("password");
  disclosure?.addEventListener("toggle", () => {
    disclosure.querySelector("summary").textContent = disclosure.open ? words.hide : words.show;
  });
  refresh();
})();
