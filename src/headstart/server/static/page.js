// Sends pictures to the page's own server, one after the other, and puts its answers on the page as it wrote them.
"use strict";

const TOKEN = "headstart-token"; // where this tab keeps it
const WIDEST = 336; // pixels, of a picture on the page
const HIGHEST = 384;

const byId = (id) => document.getElementById(id);

function tell(sentence, isError = false) {
  const told = byId("told");
  told.textContent = sentence;
  told.classList.toggle("is-error", isError);
}

function headers() {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

// What the server says of a request: a document of its own, or an error that can be shown.
async function asked(address, options = {}) {
  let response;
  try {
    response = await fetch(address, { ...options, headers: { ...headers(), ...options.headers } });
  } catch {
    throw new Error("The server can't be reached. Is it still running?");
  }
  const text = await response.text();
  if (response.headers.get("content-type")?.startsWith("text/html")) {
    return new DOMParser().parseFromString(text, "text/html");
  }
  throw new Error(sentenceIn(text, response.status));
}

function sentenceIn(text, status) {
  try {
    return JSON.parse(text).error.message;
  } catch {
    return `The server answers with an error (${status}).`;
  }
}

function answerIn(page) {
  const answer = page.querySelector(".answer");
  if (!answer) {
    throw new Error(page.querySelector("#told")?.textContent || "The server gave no answer. Load the page again.");
  }
  return document.adoptNode(answer);
}

function ask(file, part) {
  const form = new FormData();
  form.append("picture", file);
  return asked(`./?part=${part}`, { method: "POST", body: form }).then(answerIn);
}

// The picture as the browser shows it, where it can, instead of the square that the model sees: its places are the same
// if the square was made by squashing.
function showAsItIs(answer, picture) {
  const plain = answer.querySelector(".plain");
  if (plain && picture.naturalWidth && answer.dataset.fit === "squash") {
    plain.src = picture.src;
    plain.width = picture.width;
    plain.height = picture.height;
    plain.alt = "The picture";
  }
}

async function answered(file) {
  const waiting = byId("waiting").content.firstElementChild.cloneNode(true);
  const picture = new Image();
  picture.alt = "";
  waiting.querySelector(".file").textContent = file.name;
  byId("answers").prepend(waiting);
  waiting.scrollIntoView({ block: "nearest" });
  picture.src = URL.createObjectURL(file);
  try {
    await picture.decode();
    const scale = Math.min(WIDEST / picture.naturalWidth, HIGHEST / picture.naturalHeight);
    picture.width = Math.round(scale * picture.naturalWidth);
    picture.height = Math.round(scale * picture.naturalHeight);
    waiting.querySelector(".frame").append(picture);
  } catch {
    // A kind of picture that the server knows and the browser doesn't, or none at all: the answer says which.
  }
  try {
    const answer = await ask(file, "answer");
    answer.querySelector(".file").textContent = file.name;
    showAsItIs(answer, picture);
    waiting.replaceWith(answer);
    answer.scrollIntoView({ block: "nearest" });
    tell(`${file.name}: ${answer.querySelector("h2").textContent.trim()}`);
    await addTheRest(answer, file);
  } catch (error) {
    refuse(waiting, error);
  }
}

function refuse(waiting, error) {
  waiting.className = "answer is-refused";
  const title = waiting.querySelector("h2");
  title.textContent = "No answer";
  title.className = "error";
  title.insertAdjacentElement("afterend", document.createElement("p")).textContent = error.message;
  tell(error.message, true);
}

// Where the model looked and what is like the picture take longer than the answer: they come after it.
async function addTheRest(answer, file) {
  if (!answer.querySelector(".plain")) {
    return;
  }
  try {
    const whole = await ask(file, "whole");
    const overlay = whole.querySelector(".overlay");
    if (overlay) {
      answer.querySelector(".frame").append(overlay);
    }
    for (const part of [".looked", ".similar"]) {
      answer.querySelector(part).replaceWith(whole.querySelector(part));
    }
  } catch (error) {
    answer.querySelector(".looked").textContent = error.message;
  }
}

async function answerAll(files) {
  const pictures = [...files];
  if (pictures.length === 0) {
    tell("There is no picture in that. Drop or paste the picture itself, not a link to it.", true);
  }
  for (const file of pictures) {
    tell(`Looking at ${file.name} …`);
    await answered(file);
  }
}

function listen() {
  document.documentElement.classList.add("is-scripted");
  byId("ask")?.addEventListener("submit", (event) => event.preventDefault());
  for (const input of document.querySelectorAll("#ask input[type=file]")) {
    input.addEventListener("change", () => {
      const files = [...input.files];
      input.value = ""; // so that the same picture can be chosen again
      answerAll(files);
    });
  }
  byId("unlock")?.addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(TOKEN, byId("token").value);
    unlock("That isn't the token.");
  });
}

// With the right token the server gives the page itself.
async function unlock(refusal) {
  try {
    const page = await asked("./");
    if (page.body.hasAttribute("data-locked")) {
      sessionStorage.removeItem(TOKEN);
      tell(refusal, true);
      return;
    }
    document.body.replaceWith(document.adoptNode(page.body));
    listen();
    byId("choose").focus();
  } catch (error) {
    tell(error.message, true);
  }
}

// Dropped anywhere or pasted anywhere on the page.
function isOver(event, over) {
  event.preventDefault();
  document.querySelector(".drop")?.classList.toggle("is-over", over);
}

document.addEventListener("dragover", (event) => isOver(event, true));
document.addEventListener("dragleave", (event) => isOver(event, false));
document.addEventListener("drop", (event) => {
  isOver(event, false);
  if (byId("ask")) {
    answerAll(event.dataTransfer.files);
  }
});
document.addEventListener("paste", (event) => {
  if (byId("ask") && event.clipboardData.files.length) {
    event.preventDefault();
    answerAll(event.clipboardData.files);
  }
});

listen();
if (document.body.hasAttribute("data-locked") && sessionStorage.getItem(TOKEN)) {
  unlock("The token isn't the right one any more.");
}
