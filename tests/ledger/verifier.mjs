// A second verifier of a ledger's export (a folder), written from HOW-TO-VERIFY.txt and the RFCs alone.
// node verifier.mjs FOLDER KEY [HELD-CHECKPOINT]: exit 0 when everything holds, 1 with reasons when not.
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, key, held] = process.argv.slice(2);
const sha = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const faults = [];
const lines = (name) => {
  const raw = readFileSync(join(folder, name));
  const found = [];
  let start = 0;
  for (let at = raw.indexOf(10); at !== -1; at = raw.indexOf(10, start)) {
    found.push(raw.subarray(start, at));
    start = at + 1;
  }
  if (start < raw.length) faults.push(`${name} is cut off`);
  return found;
};

const [keyName, keyId, ...rest] = key.split("+");
const keyBytes = Buffer.from(rest.join("+"), "base64");
const publicKey = createPublicKey({
  key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), keyBytes.subarray(1)]),
  format: "der",
  type: "spki",
});

function checkpoint(note) {
  const cut = note.lastIndexOf("\n\n");
  const text = note.slice(0, cut + 1);
  const signed = note.slice(cut + 2).split("\n").some((line) => {
    const [dash, name, encoded] = line.split(" ");
    if (dash !== "\u2014" || name !== keyName) return false;
    const raw = Buffer.from(encoded, "base64");
    return raw.subarray(0, 4).toString("hex") === keyId && verify(null, Buffer.from(text), publicKey, raw.subarray(4));
  });
  if (cut < 0 || !signed) return null;
  const [origin, size, root] = text.split("\n");
  return origin === keyName ? { size: Number(size), root: Buffer.from(root, "base64") } : null;
}

// Plain recursion over the definition of MTH in RFC 6962, section 2.1.
function treeHash(leaves, start, end) {
  if (end === start) return sha();
  if (end - start === 1) return leaves[start];
  let half = 1;
  while (half * 2 < end - start) half *= 2;
  return sha(Buffer.from([1]), treeHash(leaves, start, start + half), treeHash(leaves, start + half, end));
}

// The path of RFC 6962, section 2.1.1, followed from the root down.
function pathRoot(leaf, index, size, proof) {
  if (size === 1) return proof.length === 0 ? leaf : null;
  let half = 1;
  while (half * 2 < size) half *= 2;
  const last = proof[proof.length - 1];
  if (!last) return null;
  const left = index < half;
  const inner = left
    ? pathRoot(leaf, index, half, proof.slice(0, -1))
    : pathRoot(leaf, index - half, size - half, proof.slice(0, -1));
  return inner && (left ? sha(Buffer.from([1]), inner, last) : sha(Buffer.from([1]), last, inner));
}

const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
const points = lines("checkpoints.jsonl").map((line) => checkpoint(JSON.parse(line.toString("utf8")).note));
if (points.length === 0 || points.includes(null)) faults.push("a checkpoint is not signed");
const good = points.filter(Boolean);
if (held) {
  const mine = checkpoint(readFileSync(held, "utf8"));
  if (mine) good.push(mine);
  else faults.push("the held checkpoint is not signed");
}
const last = Math.max(...points.filter(Boolean).map((point) => point.size));
const entries = lines("entries.jsonl");
if (entries.length !== manifest.entries) faults.push("the number of entries is another");
if (manifest.scope === "part") {
  const point = good.find((one) => one.size === last);
  for (const line of entries) {
    const { index, entry, proof } = JSON.parse(line.toString("utf8"));
    const leaf = sha(Buffer.from([0]), Buffer.from(entry));
    const root = pathRoot(leaf, index, last, proof.map((node) => Buffer.from(node, "base64")));
    if (!root || index >= last || !root.equals(point.root)) faults.push(`entry ${index} is not proven`);
  }
} else {
  const leaves = entries.map((line) => sha(Buffer.from([0]), line));
  for (const { size, root } of good) {
    if (size > leaves.length || !treeHash(leaves, 0, size).equals(root)) faults.push(`the root of ${size} is another`);
  }
  if (leaves.length > last) faults.push("entries after the last checkpoint");
}
for (const fault of faults) console.log(fault);
process.exit(faults.length ? 1 : 0);
