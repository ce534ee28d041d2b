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

// The search box suggests while one types (an ARIA combobox): arrows choose, Enter opens, Esc closes. While an input method
// composes nothing is asked for. An empty box shows what this browser searched for last; that never leaves it.
const box = document.querySelector("form[data-suggest] input[name=q]");
if (box) {
  const WAIT = 120, KEPT = 8, STORE = "zonewatch.recent";
  const form = box.form, list = document.createElement("ul"), answers = new Map();
  let chosen = -1, timer = 0, asked = 0, composing = false;

  const recent = () => {
    try { return JSON.parse(localStorage.getItem(STORE) || "[]").filter((text) => typeof text === "string").slice(0, KEPT); }
    catch { return []; }
  };
  const keep = (texts) => {
    try { texts.length ? localStorage.setItem(STORE, JSON.stringify(texts.slice(0, KEPT))) : localStorage.removeItem(STORE); }
    catch { /* a browser that keeps nothing shows nothing */ }
  };
  const remember = (text) => { if (text) keep([text, ...recent().filter((other) => other !== text)]); };

  list.id = "suggestions";
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.dataset.list);
  list.hidden = true;
  box.after(list);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id, autocapitalize: "none",
  })) box.setAttribute(name, value);

  const choose = (at) => {
    chosen = at;
    [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    if (at < 0) box.removeAttribute("aria-activedescendant");
    else {
      box.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({block: "nearest"});
    }
  };
  const close = () => {
    clearTimeout(timer);
    asked += 1;
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    choose(-1);
  };
  const show = (options) => {
    list.replaceChildren(...options.map(({label, term, kind, act}, place) => {
      const option = document.createElement("li");
      option.id = `suggestion-${place}`;
      option.setAttribute("role", "option");
      for (const [name, text] of [["suggestion-label", label], ["suggestion-term", term], ["suggestion-kind", kind]]) {
        if (!text) continue;
        const part = document.createElement(name === "suggestion-label" ? "bdi" : "small");
        part.className = name;
        part.textContent = text;
        option.append(part, " ");
      }
      option.addEventListener("mousedown", (event) => event.preventDefault());
      option.addEventListener("click", act);
      return option;
    }));
    list.hidden = !options.length;
    box.setAttribute("aria-expanded", String(!!options.length));
    choose(-1);
  };
  const showRecent = () => {
    const texts = recent();
    show(texts.length ? [
      ...texts.map((text) => ({label: text, kind: form.dataset.recent, act: () => { box.value = text; form.requestSubmit(); }})),
      {label: form.dataset.clear, act: () => { keep([]); close(); }},
    ] : []);
  };
  const showAnswer = (found) => show(found.map((each) => ({...each, act: () => { remember(box.value.trim()); location.assign(each.url); }})));
  const ask = async () => {
    const question = new URLSearchParams(new FormData(form)).toString(), mine = asked += 1;
    if (!answers.has(question)) {
      try {
        const answer = await fetch(`${form.dataset.suggest}?${question}`);
        if (!answer.ok) return;
        answers.set(question, await answer.json());
      } catch { return; }
    }
    if (mine === asked && document.activeElement === box) showAnswer(answers.get(question));
  };
  const typed = () => {
    clearTimeout(timer);
    if (composing) return;
    if (!box.value.trim()) { asked += 1; showRecent(); }
    else timer = setTimeout(ask, WAIT);
  };

  box.addEventListener("compositionstart", () => { composing = true; clearTimeout(timer); });
  box.addEventListener("compositionend", () => { composing = false; typed(); });
  box.addEventListener("input", typed);
  box.addEventListener("click", () => { if (list.hidden && !box.value.trim()) showRecent(); });
  box.addEventListener("blur", close);
  form.addEventListener("submit", () => remember(box.value.trim()));
  box.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (composing || event.isComposing) return;
    if (event.key === "ArrowDown" && list.hidden) { event.preventDefault(); typed(); }
    else if (list.hidden) return;
    else if (event.key === "ArrowDown") { event.preventDefault(); choose(chosen + 1 < count ? chosen + 1 : -1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); choose(chosen < 0 ? count - 1 : chosen - 1); }
    else if (event.key === "Escape") { event.preventDefault(); close(); }
    else if (event.key === "Enter" && chosen >= 0) { event.preventDefault(); list.children[chosen].click(); }
  });
}
