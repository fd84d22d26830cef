// The page shows what is new without being asked, and keeps open what somebody has opened.

const PAUSE = 1000;
let shown = document.querySelector("main").innerHTML;

async function refresh() {
  if (!getSelection().isCollapsed) return; // somebody is about to copy what is there
  const answer = await fetch(location.href).catch(() => null);
  document.body.classList.toggle("ended", !answer);
  if (!answer) return;
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = parsed.querySelector("main");
  if (fresh.innerHTML === shown) return;
  shown = fresh.innerHTML;
  const before = document.querySelector("main");
  for (const open of before.querySelectorAll("details[open]")) {
    fresh.querySelector(`#${open.id}`)?.setAttribute("open", "");
  }
  before.replaceWith(fresh);
}

async function copy(button) {
  const text = button.previousElementSibling;
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  } catch { // only pages of this machine may; the keyboard always can
    getSelection().selectAllChildren(text);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) copy(button);
});

setInterval(refresh, PAUSE);
