// What makes forms more comfortable; they all work without it.
"use strict";

// Files dropped on a form, or pasted into it (a screenshot), join those that were chosen.
for (const input of document.querySelectorAll("input[type=file]")) {
  const form = input.form;
  const add = (files) => {
    const all = new DataTransfer();
    for (const file of [...input.files, ...files]) all.items.add(file);
    input.files = all.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  form.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    // A copied table of a spreadsheet comes as text and as a picture: the text is meant.
    if (event.clipboardData.getData("text/plain") !== "") return;
    event.preventDefault();
    add(files);
  });
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener("drop", (event) => {
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });
  const list = document.createElement("ul");
  list.className = "chosen";
  list.setAttribute("aria-live", "polite");
  input.after(list);
  input.addEventListener("change", () => {
    list.replaceChildren(
      ...[...input.files].map((file) => {
        const item = document.createElement("li");
        item.textContent = file.name;
        return item;
      }),
    );
  });
}

// What only this script makes possible is promised only now.
for (const promise of document.querySelectorAll("[data-script]")) promise.hidden = false;

// What is wrong is the first thing that is read.
document.querySelector("[data-focus]")?.focus();

// A form is sent once, however hastily its button is pressed. After a while it may be sent again: the
// first time may have been stopped, and what comes twice under one number counts once.
const HASTE = 5000;
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, HASTE);
  });
}

// A page that the browser kept may be sent again; what was typed into it is not folded away.
addEventListener("pageshow", () => {
  for (const folded of document.querySelectorAll("details:not([open])")) {
    const areas = [...folded.querySelectorAll("textarea")];
    if (areas.some((area) => area.value !== area.defaultValue)) folded.open = true;
  }
  for (const form of document.querySelectorAll("form[method=post]")) delete form.dataset.sent;
});
