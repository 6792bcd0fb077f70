// What a survey page does better where a script may run: it counts ticks, opens the choices where there is room for
// them, and keeps what is filled in while somebody is still at it. Every page does all that is needed without it.
"use strict";
(() => {
  const form = document.getElementById("filling");
  if (!form) return;

  const chosen = document.getElementById("chosen");
  if (chosen) {
    const wide = window.matchMedia("(min-width: 60rem)");
    const open = () => { chosen.open = chosen.open || wide.matches; };
    const tell = () => {
      const ticks = form.querySelectorAll('.list input[type="checkbox"]:checked').length;
      const now = Number(chosen.dataset.elsewhere) + ticks;
      const over = chosen.dataset.most ? now - Number(chosen.dataset.most) : 0;
      const said = chosen.dataset.counted.replace("#", now) + (over > 0 ? ". " + chosen.dataset.over.replace("#", over) : "");
      document.getElementById("counted").textContent = said;
      document.getElementById("count").textContent = said;
    };
    const list = chosen.querySelector("ol");
    const show = (box) => {
      const there = [...list.children].find((each) => each.dataset.question === box.value);
      if (there && !box.checked) there.remove();
      if (there || !box.checked) return;
      const words = box.parentElement.querySelector("span").cloneNode(true);
      const out = Object.assign(document.createElement("button"), { className: "small", name: "go", value: "out:" + box.value });
      out.textContent = list.dataset.out;
      out.setAttribute("aria-label", list.dataset.out + ": " + words.textContent);
      const line = document.createElement("li");
      line.dataset.question = box.value;
      line.append(words, " ", out);
      list.append(line);
    };
    open();
    wide.addEventListener("change", open);
    form.addEventListener("change", (event) => { if (event.target.type === "checkbox") { show(event.target); tell(); } });
  }

  if (!("keep" in form.dataset)) return;
  const told = document.getElementById("kept");
  const PAUSE = 3000;
  let timer = 0, keeping = null, unkept = false;

  const keep = async () => {
    clearTimeout(timer);
    unkept = false;
    const body = new URLSearchParams(new FormData(form));
    body.set("go", "keep");
    try {
      const answer = await fetch(form.action, { method: "POST", body, keepalive: body.toString().length < 60000, redirect: "manual" });
      if (answer.status !== 204) throw new Error(answer.status);
      say(told.dataset.kept);
    } catch {
      unkept = true;
      say(told.dataset.lost);
      timer = setTimeout(start, 10 * PAUSE);
    }
  };
  const start = () => {
    const mine = (keeping || Promise.resolve()).then(keep).then(() => { if (keeping === mine) keeping = null; });
    keeping = mine;
  };
  const say = (words) => { if (told.textContent !== words) told.textContent = words; };

  form.addEventListener("input", (event) => {
    if (event.target.name in { find: 0, theme: 0 }) return;
    unkept = true;
    clearTimeout(timer);
    timer = setTimeout(start, PAUSE);
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden && unkept) start(); });
  // What was being kept must not arrive after what is sent now: the button waits for it.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    unkept = false;
    if (!keeping) return;
    event.preventDefault();
    const { submitter } = event, patience = new Promise((done) => setTimeout(done, PAUSE));
    Promise.race([keeping, patience]).then(() => {
      keeping = null;
      setTimeout(() => form.requestSubmit(submitter));
    });
  });
})();
