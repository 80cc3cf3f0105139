// @ts-check
// Inlined into a report: checks its records with what the reader's browser has, and says what it found.

/** @typedef {{ digest: string, text: string }} StoredRecord */

/** @param {string} text */
async function sha256(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Walk from the head to the first record; what is wrong, or undefined.
 * @param {string} head
 * @param {readonly StoredRecord[]} records
 */
async function firstFault(head, records) {
  /** @type {string | null} */
  let wanted = head;
  for (const [index, { digest, text }] of records.entries()) {
    const at = `record ${records.length - index} of ${records.length}, ${digest.slice(0, 12)},`;
    if (digest !== wanted)
      return { digest, text: `${at} is not the one that comes before: ${String(wanted).slice(0, 12)}` };
    const found = await sha256(text);
    if (found !== digest) return { digest, text: `${at} was changed: its digest is ${found.slice(0, 12)}` };
    const record = JSON.parse(text);
    const shown = shownOtherwise(digest, record);
    if (shown !== undefined) return { digest, text: `${at} is shown with another ${shown} than it has` };
    wanted = record.parent;
  }
  if (wanted === null) return undefined;
  return { digest: wanted, text: `the record ${wanted.slice(0, 12)} is missing at the end of the chain` };
}

/**
 * The field that the page shows otherwise than the record has it.
 * @param {string} digest
 * @param {Record<string, unknown>} record
 */
function shownOtherwise(digest, record) {
  const item = document.querySelector(`[data-record="${digest}"]`);
  if (item === null) return "place";
  for (const field of item.querySelectorAll("[data-field]")) {
    const name = field.getAttribute("data-field") ?? "";
    if (oneLine(field.textContent ?? "") !== oneLine(String(record[name]))) return name;
  }
  return undefined;
}

/** @param {string} text */
function oneLine(text) {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** @param {Element} status */
async function check(status) {
  const part = status.parentElement;
  const product = status.getAttribute("data-check") ?? "";
  /** @param {string} text @param {boolean} isGood */
  const say = (text, isGood) => {
    status.textContent = text;
    status.classList.add(isGood ? "good" : "bad");
  };
  if (globalThis.crypto?.subtle === undefined) {
    say(
      `✗ Not checked: this browser gives files no SHA-256. Open this file in another, or run: wavegate verify ${product}`,
      false,
    );
    return;
  }
  try {
    const records = JSON.parse(part?.querySelector("[data-records]")?.textContent ?? "[]");
    const fault = await firstFault(part?.querySelector("[data-head]")?.textContent ?? "", records);
    if (fault === undefined) {
      say(
        `✓ Chain complete: ${records.length} records of ${product}, each with the digest that its successor names.`,
        true,
      );
      return;
    }
    document.querySelector(`[data-record="${fault.digest}"]`)?.classList.add("broken");
    say(`✗ BROKEN: ${fault.text}. Do not rely on this file; run: wavegate verify ${product}`, false);
  } catch (error) {
    say(
      `✗ BROKEN: the records of ${product} cannot be read (${String(error)}); run: wavegate verify ${product}`,
      false,
    );
  }
}

for (const status of document.querySelectorAll("[data-check]")) void check(status);
// What is closed on a screen cannot be opened on paper.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
