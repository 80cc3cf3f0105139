// @ts-check
// Inlined into the dashboard: follows the server's stream, keeps the page as it says, and sends what a person wants done.

const TOKEN = "wavegate-token";
/** Real ms without a sign of life after which a stream is taken for dead: the server gives one every five seconds. */
const SILENT_MS = 15_000;
const LONGEST_PAUSE_MS = 5_000;
const MOST_NEWS = 4;

const link = byId("link");
const news = byId("news");
const main = byId("main");
/** What each part of the page was drawn from. @type {Map<string, string>} */
const drawn = new Map();
/** Instant of the look that is shown, as text. */
let seen = "";

/** @param {string} id */
function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

// The token comes behind a #, which no server and no log is told, and does not stay in the address.
const given = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
if (given !== undefined) {
  sessionStorage.setItem(TOKEN, given);
  history.replaceState(null, "", location.pathname);
}

/** @returns {Record<string, string>} */
function headers() {
  const token = sessionStorage.getItem(TOKEN);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/**
 * Whether what is shown is fresh; read out only when that changes, not at every look.
 * @param {string} text @param {boolean} isWrong
 */
function sayLink(text, isWrong) {
  if (link.textContent !== text) link.textContent = text;
  const className = isWrong ? "warn" : "soft";
  if (link.className === className) return;
  link.className = className;
  // The whole of it changes with every look, and stands right above.
  announce(isWrong ? "What is shown is not live." : "What is shown is live.");
}

/** @param {string} text What happened; the last few stay to be read. */
function announce(text) {
  const line = document.createElement("p");
  line.textContent = text;
  news.append(line);
  while (news.childElementCount > MOST_NEWS) news.firstElementChild?.remove();
}

/**
 * Follow the stream until it ends.
 * @param {() => void} onLife
 */
async function follow(onLife) {
  const stop = new AbortController();
  const watchdog = { timer: 0 };
  const alive = () => {
    clearTimeout(watchdog.timer);
    watchdog.timer = setTimeout(() => stop.abort(), SILENT_MS);
  };
  alive();
  try {
    const answer = await fetch("/api/events", { headers: headers(), signal: stop.signal });
    if (answer.status === 401)
      throw new Error("this needs the link that the running dashboard printed, with its token");
    if (!answer.ok || answer.body === null) throw new Error(`the server answered ${answer.status}`);
    let rest = "";
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      alive();
      onLife();
      const messages = (rest + value).split("\n\n");
      rest = messages.pop() ?? "";
      for (const message of messages) receive(message);
    }
  } finally {
    clearTimeout(watchdog.timer);
    stop.abort();
  }
}

/** @param {string} message One server-sent event. */
function receive(message) {
  const data = message
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).trimStart())
    .join("\n");
  if (data === "") return;
  const { at, trouble, products, all, news: fresh } = JSON.parse(data);
  seen = at === undefined ? "" : new Date(at).toISOString().slice(0, 16).replace("T", " ");
  const old = seen === "" ? "only records are shown" : `what is shown is of ${seen} UTC`;
  if (trouble === undefined) sayLink(`Live: looked at ${seen} UTC.`, false);
  else sayLink(`Stale: ${trouble.code}: ${trouble.message}; ${old}. Trying again.`, true);
  for (const { html } of products) show(html);
  for (const article of main.querySelectorAll("article"))
    if (!all.includes(article.querySelector("h2")?.textContent)) article.remove();
  if (all.length === 0) main.textContent = "The fleet declares no product.";
  for (const line of fresh) announce(line);
}

/** @param {string} text The markup of one product, in which the server escaped all that is not its own. */
function show(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("article");
  if (fresh === null) return;
  const article = document.getElementById(fresh.id);
  if (article === null) {
    if (main.querySelector("article") === null) main.textContent = "";
    for (const part of fresh.children) drawn.set(part.id, part.outerHTML);
    main.append(fresh);
    return;
  }
  let place = article.firstElementChild;
  for (const part of [...fresh.children]) {
    const kept = keepOrReplace(document.getElementById(part.id), part);
    if (kept === place) place = place.nextElementSibling;
    else article.insertBefore(kept, place === null || place.isConnected ? place : null);
    place = kept.nextElementSibling;
  }
  while (place !== null) {
    const next = place.nextElementSibling;
    place.remove();
    place = next;
  }
}

/**
 * A part that says what it said stays: so do focus, selection and what is open in it.
 * @param {Element | null} old @param {Element} part
 */
function keepOrReplace(old, part) {
  const text = part.outerHTML;
  if (old !== null && drawn.get(part.id) === text) return old;
  // Somebody is writing a reason: what they look at is theirs until they are done.
  if (old?.querySelector("dialog[open]")) return old;
  drawn.set(part.id, text);
  if (old === null) return part;
  const open = [...old.querySelectorAll("details[open]")].map(({ id }) => id);
  for (const details of part.querySelectorAll("details")) details.open = open.includes(details.id);
  if (old instanceof HTMLDetailsElement && part instanceof HTMLDetailsElement) part.open = old.open;
  const focused = old.contains(document.activeElement) ? focusKey(document.activeElement) : "";
  old.replaceWith(part);
  if (focused !== "") {
    const again = document.getElementById(focused);
    const target = again instanceof HTMLDetailsElement ? again.querySelector("summary") : again;
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  }
  return part;
}

/** @param {Element | null} element */
function focusKey(element) {
  return element?.id || element?.closest("details")?.id || "";
}

document.addEventListener("click", ({ target }) => {
  if (!(target instanceof Element)) return;
  const opener = target.closest("[data-opens]");
  const dialog = document.getElementById(opener?.getAttribute("data-opens") ?? "");
  if (dialog instanceof HTMLDialogElement) dialog.showModal();
  if (target.closest("[data-closes]")) target.closest("dialog")?.close();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset["action"] === undefined) return;
  event.preventDefault();
  const { action = "", product = "" } = form.dataset;
  const reason = String(new FormData(form).get("reason") ?? "");
  form.closest("dialog")?.close();
  announce(`${action} ${product}: sent.`);
  void send(action, product, reason).then((text) => announce(`${product}: ${text}`));
});

/** @param {string} action @param {string} product @param {string} reason */
async function send(action, product, reason) {
  try {
    const answer = await fetch(`/api/products/${encodeURIComponent(product)}/${action}`, {
      method: "POST",
      headers: { ...headers(), "content-type": "application/json", "x-wavegate": "1" },
      body: JSON.stringify({ reason }),
    });
    const { text, error } = await answer.json();
    return error === undefined ? text : `NOT DONE: ${error.code}: ${error.message}. ${error.hint}`;
  } catch {
    return `no answer: it may have been done or not; see the decisions, or run: wavegate ${action} ${product}`;
  }
}

async function keepFollowing() {
  for (let pauseMs = 500; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    let why = "the server does not answer";
    try {
      await follow(() => (pauseMs = 500));
    } catch (error) {
      if (error instanceof Error && !["AbortError", "TypeError"].includes(error.name)) why = error.message;
    }
    const old = seen === "" ? "nothing was seen yet" : `what is shown is of ${seen} UTC`;
    sayLink(`Stale: ${why}; ${old}. Trying again.`, true);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

void keepFollowing();
