// Prints the codes, and takes them off the page when it is left: going back must not show them again (P9, A5).
"use strict";
(() => {
  const print = document.getElementById("print");      // a pass is good for an hour: nobody prints it
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }
  addEventListener("pagehide", () => {
    document.getElementById("codes").replaceChildren();
  });
})();
