// Comfort only: every page works without it.
"use strict";

// Filters stand open beside the results on a wide screen; on a phone they stay folded above them.
const filters = document.querySelector("details.filters");
if (filters) {
  const wide = window.matchMedia("(min-width: 62rem)");
  const fit = () => { filters.open = wide.matches; };
  fit();
  wide.addEventListener("change", fit);
}

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});
