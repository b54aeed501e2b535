// The review card, a Streamlit component (v2). Streamlit calls the default export at every script
// rerun; the session behind it is kept here, outside of any mount, so a rerun costs nothing.

import { watchConnection } from "./connection.js";
import { Desk } from "./desk.js";
import { elsewhere } from "./keys.js";

const desks = new Map(); // place -> Desk: one person at one project
let current = null; // the mount on screen
let unwatch = null;

function perform(desk, action, slot) {
  const { view, queue } = desk;
  const always = {
    undo: () => desk.undo(),
    back: () => desk.look(-1),
    forward: () => desk.look(1),
    guide: () => view.guide(),
    help: () => view.help(),
  };
  const onCard = {
    label: () => desk.choose(view.labels.at(slot)),
    accept: () => desk.accept(),
    none: () => desk.decide("none"),
    skip: () => desk.decide("skip"),
    flag: () => desk.decide("flag"),
    filter: () => view.labels.filter.focus(),
    note: () => view.write(),
    evidence: () => view.widen(),
  };
  if (always[action]) always[action]();
  else if (queue.screen && desk.ready) onCard[action]();
}

function pressed(event) {
  const { desk } = current;
  const { root, labels } = desk.view;
  desk.sign();
  const own = event.composedPath().includes(root);
  if (own && event.repeat && ["Enter", " "].includes(event.key) && event.composedPath()[0].matches("button")) {
    event.preventDefault(); // a key held down clicks the focused button again and again
    return;
  }
  if (elsewhere(event, root)) return;
  const meaning = desk.keymap.meaning(event);
  if (!meaning || (meaning.action === "label" && meaning.slot >= labels.rows.length)) return;
  event.preventDefault();
  event.stopPropagation(); // Streamlit has shortcuts too
  const moves = ["back", "forward"].includes(meaning.action);
  if (!event.repeat || moves) perform(desk, meaning.action, meaning.slot);
}

function clicked(event) {
  const { desk } = current;
  const button = event.target.closest("button");
  if (!button || (event.detail > 1 && desk.doubled)) return; // the first click of the two decided
  if (button.dataset.action) perform(desk, button.dataset.action);
  else if (button.classList.contains("tb-label") && desk.ready) desk.choose(button.dataset.label);
}

export default function card({ data, parentElement, setTriggerValue }) {
  const place = `${data.project_key}/${data.who}`;
  if (!desks.has(place)) desks.set(place, new Desk(place, data));
  const desk = desks.get(place);
  if (current && current.desk !== desk) leave(current);
  const mount = { desk, parentElement };
  if (!current) {
    document.addEventListener("keydown", pressed, true); // focus wanders: a rerun may move it anywhere
    document.addEventListener("pointerdown", moved, true);
    desk.view.root.addEventListener("click", clicked);
    unwatch = watchConnection(() => current.desk.outbox.now());
  }
  current = mount;
  if (desk.view.root.parentNode !== parentElement) parentElement.append(desk.view.root);
  desk.view.configure(data);
  desk.mount(data, () => setTriggerValue("renew", Date.now()));
  // Streamlit may clean up an overtaken call after a newer one mounted.
  return () => current === mount && leave(mount);
}

const moved = () => current.desk.sign();

function leave({ desk }) {
  document.removeEventListener("keydown", pressed, true);
  document.removeEventListener("pointerdown", moved, true);
  desk.view.root.removeEventListener("click", clicked);
  desk.view.root.remove();
  unwatch();
  desk.unmount();
  current = null;
}
