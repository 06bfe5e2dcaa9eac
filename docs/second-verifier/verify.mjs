// A second verifier of draws, written from docs/draw-specification.md alone, to find that text's gaps.
//
//   node verify.mjs BUNDLE.zip [--frame frame.tsv] [--commitment DIGEST] [--proof FILE]
//   node verify.mjs --vectors draw-vectors.json
//   node verify.mjs --batch CASES.json     [{"bundle": …, "frame": …, "commitment": …}, …], a JSON line each
//
// Exit 0: all that was checked holds; 1: something does not hold; 2: the bundle is refused.

import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { crc32, inflateRawSync } from "node:zlib";
import process from "node:process";

class Refused extends Error {
  constructor(code, place, count = null) {
    super(`${code} ${place}`);
    Object.assign(this, { code, place, count });
  }
}
const refuse = (code, place, count) => { throw new Refused(code, place, count); };
const lacking = place => refuse("ZS-DR-07", place);
const badZip = place => refuse("ZS-DR-21", place);
const badFile = place => refuse("ZS-DR-22", place);
const contradiction = place => refuse("ZS-DR-23", place);

const sha = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const digest = (...parts) => sha(...parts).toString("hex");

// UTF-16 puts U+10000 before U+E000; moving the surrogates above makes the order that of the UTF-8 bytes.
const rankOfUnit = u => (u >= 0xe000 ? u - 0x800 : u >= 0xd800 ? u + 0x2000 : u);
function compare(a, b) {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i), y = b.charCodeAt(i);
    if (x !== y) return rankOfUnit(x) - rankOfUnit(y);
  }
  return a.length - b.length;
}
const by = (...keys) => (a, b) => {
  for (const key of keys) {
    const x = key(a), y = key(b), order = typeof x === "string" ? compare(x, y) : x - y;
    if (order) return order;
  }
  return 0;
};
const sum = values => values.reduce((a, b) => a + b, 0);
const codePoints = text => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

// --------------------------------------------------------------------------------- canonical JSON
function decode(bytes, place) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.startsWith("\ufeff") ? badFile(`${place}: byte-order mark`) : text;
  } catch (error) {
    if (error instanceof Refused) throw error;
    return badFile(`${place}: not UTF-8`);
  }
}

const SHORT = { '"': '"', "\\": "\\", b: "\b", t: "\t", n: "\n", f: "\f", r: "\r" };

// Objects have no prototype: a name such as __proto__ or constructor is a name like others there.
const isObject = v => typeof v === "object" && v !== null && !Array.isArray(v);
const bare = pairs => pairs.reduce((all, [key, one]) => ((all[key] = one), all), Object.create(null));
const mapped = v => Array.isArray(v) ? v.map(mapped) : !isObject(v) ? v
  : bare(Object.entries(v).map(([key, one]) => [key, mapped(one)]));

// Whatever is not in canonical form comes out otherwise when it is written anew: a key twice, blanks,
// 1.0, -0, 1e0.
function parse(bytes, place) {
  const text = decode(bytes, place);
  let value;
  try {
    value = mapped(JSON.parse(text));
    if (canonical(value) === text) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
  }
  return badFile(`${place}: not canonical`);
}

function canonicalText(text) {
  const escaped = text.replace(/["\\\u0000-\u001f]/g, sign => {
    const short = Object.keys(SHORT).find(name => SHORT[name] === sign);
    return short ? `\\${short}` : `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}
function canonical(value) {
  if (typeof value === "string") return canonicalText(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return String(value);
  const keys = Object.keys(value).sort(compare);
  return `{${keys.map(key => `${canonicalText(key)}:${canonical(value[key])}`).join(",")}}`;
}
const same = (a, b) => canonical(a) === canonical(b);

// ---------------------------------------------------------------------------------------- the zip
const MIB = 1 << 20;
const FILES = {
  "plan.json": [MIB, 20_000], "commitment.json": [8 * MIB, 200_000], "seed.json": [256 << 10, 2_000],
  "inspectors.json": [8 * MIB, 300_000], "drawn.json": [32 * MIB, 850_000],
  "assignment.json": [16 * MIB, 850_000],
  "cutoffs.json": [8 * MIB, 50_000], "proofs.json": [44 * MIB, 850_000],
  "README.txt": [16 << 10, Infinity],
};

// Two programs that read a loose zip can see two bundles in it; so every byte has one meaning or the zip
// is refused.
function unzip(zip) {
  if (zip.length > 64 * MIB) badZip("longer than 64 MiB");
  if (!zip.includes("PK\x05\x06")) lacking("no zip");
  if (zip.length < 22 || zip.readUInt32LE(zip.length - 22) !== 0x06054b50) badZip("end record");
  const end = zip.subarray(zip.length - 22), count = end.readUInt16LE(10), size = end.readUInt32LE(12);
  const start = end.readUInt32LE(16), disks = end.readUInt32LE(4);
  if (disks !== 0 || end.readUInt16LE(8) !== count || end.readUInt16LE(20) !== 0) badZip("end record");
  if (start + size !== zip.length - 22) badZip("directory's place");

  const entries = new Map();
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 46 > start + size || zip.readUInt32LE(at) !== 0x02014b50) badZip("directory");
    const nameLength = zip.readUInt16LE(at + 28);
    if (at + 46 + nameLength > start + size) badZip("directory");
    const name = zip.toString("latin1", at + 46, at + 46 + nameLength);
    if (!Object.hasOwn(FILES, name) || entries.has(name)) badZip(`member ${JSON.stringify(name)}`);
    if (zip.readUInt32LE(at + 30) !== 0 || zip.readUInt16LE(at + 34) !== 0) badZip(`${name}: extras`);
    // From "version needed" to the extra field's length both heads have the same 26 bytes.
    const entry = { name, head: zip.subarray(at + 6, at + 32), offset: zip.readUInt32LE(at + 42) };
    entries.set(name, entry);
    at += 46 + nameLength;
  }
  if (at !== start + size) badZip("directory");
  for (const name of Object.keys(FILES)) if (name !== "README.txt" && !entries.has(name)) lacking(name);

  let next = 0, total = 0;
  for (const entry of entries.values()) {
    const { name, head, offset } = entry;
    if (offset !== next || offset + 30 + name.length > start) badZip(`${name}: place`);
    if (zip.readUInt32LE(offset) !== 0x04034b50) badZip(`${name}: head`);
    if (!zip.subarray(offset + 4, offset + 30).equals(head)) badZip(`${name}: head`);
    if (zip.toString("latin1", offset + 30, offset + 30 + name.length) !== name) badZip(`${name}: head`);
    entry.method = head.readUInt16LE(4);
    entry.crc = head.readUInt32LE(10);
    entry.length = head.readUInt32LE(18);
    const packed = head.readUInt32LE(14);
    if (head.readUInt16LE(0) !== 20 || head.readUInt16LE(2) !== 0) badZip(`${name}: version or flags`);
    if (entry.method !== 8 && !(entry.method === 0 && packed === entry.length)) badZip(`${name}: method`);
    entry.packed = zip.subarray(offset + 30 + name.length, offset + 30 + name.length + packed);
    next = offset + 30 + name.length + packed;
    if (next > start) badZip(`${name}: place`);
    if (entry.length > FILES[name][0]) badZip(`${name}: ${entry.length} bytes`);
    total += entry.length;
  }
  if (next !== start) badZip("bytes between members and directory");
  if (total > 64 * MIB) badZip("unpacks to more than 64 MiB");

  const files = new Map();
  for (const entry of entries.values()) files.set(entry.name, unpack(entry));
  return files;
}

function unpack({ name, method, packed, length, crc }) {
  let bytes = packed;
  if (method === 8) {
    try {
      const maxOutputLength = Math.max(length, 1);
      const { buffer, engine } = inflateRawSync(packed, { maxOutputLength, info: true });
      if (engine.bytesWritten !== packed.length) badZip(`${name}: bytes behind the packed ones`);
      bytes = buffer;
    } catch (error) {
      if (error instanceof Refused) throw error;
      badZip(`${name}: cannot be unpacked`);
    }
  }
  if (bytes.length !== length || crc32(bytes) !== crc) badZip(`${name}: size or CRC-32`);
  let marks = 0;
  for (const byte of bytes) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) marks++;
  if (marks > FILES[name][1]) badFile(`${name}: ${marks} commas and brackets`);
  return bytes;
}

// ------------------------------------------------------------------------------ shapes and bounds
const BILLION = 1_000_000_000;
const all = (...tests) => (v, at) => tests.forEach(test => test(v, at));
const when = test => (v, at) => test(v) || badFile(at);
const integer = (least, most) => when(v => Number.isInteger(v) && v >= least && v <= most);
const pattern = re => when(v => typeof v === "string" && re.test(v));
const text = most => when(v => typeof v === "string" && codePoints(v) <= most);
const literal = (...words) => when(v => words.includes(v));
const flag = when(v => typeof v === "boolean");
const list = (least, most, item) => (v, at) => {
  if (!Array.isArray(v) || v.length < least || v.length > most) badFile(at);
  v.forEach((one, i) => item(one, `${at}[${i}]`));
};
const table = (key, value) => (v, at) => {
  if (!isObject(v)) badFile(at);
  for (const [name, one] of Object.entries(v)) key(name, `${at}.${name}`), value(one, `${at}.${name}`);
};
const object = (needed, optional = {}) => (v, at) => {
  if (!isObject(v)) badFile(at);
  for (const name of Object.keys(needed)) if (!(name in v)) badFile(`${at}.${name}`);
  for (const [name, one] of Object.entries(v)) {
    const tests = [needed, optional].find(tests => Object.hasOwn(tests, name));
    tests ? tests[name](one, `${at}.${name}`) : badFile(`${at}.${name}`);
  }
};
const once = key => (v, at) => new Set(v.map(key)).size === v.length || contradiction(`${at}: one twice`);
const ascending = key => (v, at) =>
  v.every((one, i) => i === 0 || compare(key(v[i - 1]), key(one)) < 0) || contradiction(`${at}: order`);
const self = v => v;
const idOf = v => v.id;

const hex = length => pattern(new RegExp(`^[0-9a-f]{${length}}$`));
const id = pattern(/^[0-9A-Za-z_-]{1,22}$/);
const code = pattern(/^[0-9A-Za-z_.-]{1,40}$/);
const decimal = pattern(/^(0(\.[0-9]{1,9})?|1(\.0{1,9})?)$/); // 0 to 1
const NUMBERS = /^[0-9０-９]{1,12}( [0-9０-９]{1,12})*$/;
const numbers = all(pattern(NUMBERS), text(2000));
const moment = when(v => seconds(v) !== null);
const part = v => codePoints(v) >= 1 && codePoints(v) <= 40 && !/[|\u0000-\u001f\u007f]/.test(v);
const stratum = when(v => typeof v === "string" && v.split("|").every(part));

// Date takes the 30th of February for the 1st of March: only what comes back unchanged is a day.
function seconds(v) {
  if (typeof v !== "string" || !/^2[0-9]{3}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z$/.test(v)) return null;
  const time = Date.parse(v);
  if (Number.isNaN(time) || new Date(time).toISOString() !== v.replace("Z", ".000Z")) return null;
  return time / 1000;
}

const source = (v, at) => {
  const kind = isObject(v) ? v.source : null;
  const shapes = {
    drand: object({ source: self, chain: literal("quicknet", "default"), round: integer(1, 10 * BILLION) }),
    lottery: object({ source: self, name: text(1000), issue: code }),
    ceremony: object({ source: self, speakers: list(2, 50, text(1000)) }, { sealed: literal(true) }),
    office: object({ source: self }),
  };
  Object.hasOwn(shapes, kind ?? "") ? shapes[kind](v, at) : badFile(`${at}.source`);
  if (v.chain === "default" && v.round === 1) badFile(`${at}.round`);
};
const quota = (v, at) => {
  object(
    { match: table(code, when(v => typeof v === "string" && part(v))), floor: integer(0, BILLION) },
    { ratio: decimal, count: integer(0, BILLION), ceiling: integer(0, BILLION) },
  )(v, at);
  if (("ratio" in v) === ("count" in v)) badFile(at);
};
const planShape = object(
  {
    format: literal("zhunsheng.draw-plan/1"), id: code, title: text(1000), office: text(1000),
    rule: text(1000), items: list(1, 200, object({ code, name: text(1000) })),
    strata: all(list(1, 6, code), once(self)), quotas: list(1, 1000, quota), reserve: decimal,
    staffing: object({ per_object: integer(2, 20), certified: literal(1) }, { max_load: integer(1, 1e6) }),
    randomness: list(1, 10, source), known_at: moment,
  },
  { lead: integer(1, 525_600), ends_on: text(40), supplements: text(40) },
);

function checkPlan(plan) {
  planShape(plan, "plan.json");
  const names = plan.strata, quotas = plan.quotas;
  quotas.forEach(({ match }, i) => {
    const parts = Object.keys(match), onlyLast = parts.length === 0 && i < quotas.length - 1;
    if (onlyLast || !parts.every(part => names.includes(part))) badFile(`plan.json.quotas[${i}].match`);
  });
  if (plan.randomness.filter(one => one.sealed).length > 1) badFile("plan.json.randomness");
}

const FIRST = "zhunsheng.draw/1";
const versions = what => literal(`zhunsheng.draw/1/${what}`, `zhunsheng.draw/2/${what}`);
const path = list(0, 40, pattern(/^[LR][0-9a-f]{64}$/));
const salted = object({ salt: hex(32), path });
const SHAPES = {
  "commitment.json": object({
    format: versions("commitment"),
    draw: code,
    plan: hex(64),
    frame: object({ count: integer(1, BILLION), digest: hex(64), root: hex(64) }),
    strata: table(
      stratum,
      object({ size: integer(1, BILLION), quota: integer(0, BILLION), reserve: integer(0, BILLION) }),
    ),
    inspectors: object({ count: integer(0, BILLION), digest: hex(64) }),
    committed_at: moment,
  }),
  "seed.json": object({
    format: versions("seed"), commitment: hex(64), values: list(1, 10, self),
    randomness: text(100_000), seed: hex(32), entered_by: list(2, 2, hex(16)),
    controlled_by_office: flag,
  }),
  "inspectors.json": all(
    list(0, 10_000, object({
      id, certified: flag, districts: all(list(0, 5000, text(100)), ascending(self)),
      items: all(list(0, 5000, text(100)), ascending(self)),
      recuse: all(list(0, 5000, text(100)), ascending(self)),
    })),
    ascending(idOf),
  ),
  "drawn.json": all(
    list(0, 120_000, object({ stratum, rank: integer(1, BILLION), id, ticket: hex(64), reserve: flag })),
    once(idOf),
  ),
  "assignment.json": all(list(0, 120_000, object({ id, inspectors: list(0, 20, id) })), once(idOf)),
  "cutoffs.json": table(stratum, hex(64)),
  "proofs.json": table(id, (v, at) => (Array.isArray(v) ? path : salted)(v, at)),
};

const valueShapes = {
  drand: ({ chain }) => object(
    chain === "quicknet" ? { signature: hex(96) } : { signature: hex(192), previous_signature: hex(192) },
  ),
  lottery: () => object({ numbers }),
  office: () => object({ numbers }),
  ceremony: ({ speakers: { length }, sealed }) => {
    const said = { numbers: list(length, length, numbers) };
    return object(sealed ? { ...said, salts: list(length, length, hex(32)), sealed_at: moment } : said);
  },
};
function checkValues({ randomness }, values, at = "seed.json.values") {
  if (values.length !== randomness.length) contradiction(at);
  randomness.forEach((source, i) => valueShapes[source.source](source)(values[i], `${at}[${i}]`));
}

function readBundle(zip) {
  const files = unzip(zip), read = name => parse(files.get(name), name);
  const bundle = { plan: read("plan.json") };
  checkPlan(bundle.plan);
  for (const [name, shape] of Object.entries(SHAPES)) {
    const value = read(name);
    shape(value, name);
    bundle[name.replace(".json", "")] = value;
  }
  const { plan, commitment, seed, drawn, assignment, cutoffs, proofs } = bundle;
  checkValues(plan, seed.values);
  const { strata } = commitment, names = Object.keys(strata), proven = Object.keys(proofs).length;
  if (!names.length || names.length > 20_000 || names.length * plan.quotas.length > 2_000_000)
    badFile("commitment.json.strata");
  bundle.version = commitment.format.replace("/commitment", "");
  if (seed.format !== `${bundle.version}/seed`) contradiction("seed.json.format");
  for (const name of names)
    if (name.split("|").length !== plan.strata.length || !quotaOf(plan, name, 1))
      contradiction(`commitment.json.strata.${name}`);
  for (const one of drawn) if (!(one.stratum in strata)) contradiction(`drawn.json ${one.id}`);
  for (const name of Object.keys(cutoffs)) if (!(name in strata)) contradiction(`cutoffs.json ${name}`);
  const chosen = drawn.filter(one => !one.reserve);
  if (!same(chosen.map(idOf), assignment.map(idOf))) contradiction("assignment.json");
  if (proven && (proven !== drawn.length || proven > 20_000 || !drawn.every(one => one.id in proofs)))
    contradiction("proofs.json");
  if (Object.values(proofs).some(one => Array.isArray(one) !== (bundle.version === FIRST)))
    contradiction("proofs.json: of another version");
  bundle.digests = Object.fromEntries([...files].map(([name, bytes]) => [name, digest(bytes)]));
  return bundle;
}

// -------------------------------------------------------------------------- quotas and randomness
const fraction = decimal => {
  const [whole, rest = ""] = decimal.split(".");
  return [BigInt(whole + rest), 10n ** BigInt(rest.length)];
};
// A ratio as a binary float would be off by one object where ratio × size is a whole number.
const timesUp = (decimal, size) => {
  const [above, below] = fraction(decimal);
  return (above * BigInt(size) + below - 1n) / below;
};
const least = (a, b) => (a < b ? a : b);

function quotaOf(plan, name, size) {
  const parts = name.split("|"), place = part => plan.strata.indexOf(part);
  const fits = quota => Object.entries(quota.match).every(([part, value]) => parts[place(part)] === value);
  const quota = plan.quotas.find(fits);
  if (!quota) return null;
  let count = "count" in quota ? BigInt(quota.count) : timesUp(quota.ratio, size);
  if (count < BigInt(quota.floor)) count = BigInt(quota.floor);
  if ("ceiling" in quota) count = least(count, BigInt(quota.ceiling));
  count = least(count, BigInt(size));
  const reserve = least(timesUp(plan.reserve, count), BigInt(size) - count);
  return { quota: Number(count), reserve: Number(reserve), size };
}

const CHAINS = {
  quicknet: ["52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971", 1692803367, 3],
  default: ["8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce", 1595431050, 30],
};
const roundTime = source => {
  const [, genesis, period] = CHAINS[source.chain];
  return genesis + period * (source.round - 1);
};
const drandTimes = plan => plan.randomness.filter(s => s.source === "drand").map(roundTime);

const slipDigests = value => value.salts.map((salt, i) => digest(`${salt}:${value.numbers[i]}`));
const slipsRecord = (value, plan) => {
  const { sealed_at } = value, slips = slipDigests(value);
  return digest(canonical({ format: "zhunsheng.draw-slips/1", plan, sealed_at, slips }));
};

const lines = {
  drand: ({ chain, round }, { signature }) =>
    `drand:${CHAINS[chain][0]}:${round}:${digest(Buffer.from(signature, "hex"))}`,
  lottery: ({ name, issue }, { numbers }) => `lottery:${name}:${issue}:${numbers}`,
  ceremony: ({ speakers, sealed }, value, plan) => {
    const said = speakers.map((speaker, i) => `${speaker}=${value.numbers[i]}`).join(";");
    return `ceremony:${said}${sealed ? `:${slipsRecord(value, plan)}` : ""}`;
  },
  office: (_, { numbers }) => `office:${numbers}`,
};
const randomnessOf = (plan, values, planDigest) =>
  plan.randomness.map((source, i) => lines[source.source](source, values[i], planDigest)).join("\n");
const seedOf = (commitment, randomness) => digest(`${commitment}\n${randomness}`).slice(0, 32);

function strengthOf(plan) {
  const kinds = plan.randomness.map(source => source.source);
  if (kinds.includes("office")) return "office";
  if (kinds.includes("ceremony")) return "witnessed";
  return kinds.includes("lottery") ? "published" : "proved";
}

// What can be said of a signature without pairings: compressed, not the point at infinity, coordinates in
// the field.
const FIELD = BigInt(
  "0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
);
function encoded(signature) {
  const bytes = Buffer.from(signature, "hex");
  if ((bytes[0] & 0xc0) !== 0x80) return false;
  bytes[0] &= 0x1f;
  for (let at = 0; at < bytes.length; at += 48)
    if (BigInt(`0x${bytes.toString("hex", at, at + 48)}`) >= FIELD) return false;
  return true;
}

// ------------------------------------------------------------------------------ frame and drawing
const TAB = 9;
const LF = 10;

// With the key, its line stands first; a version that has none takes "#" for a bad id.
function readFrame(bytes, version) {
  const lines = [], entities = [];
  let key = null, at = 0;
  if (version !== FIRST) {
    key = /^#\t([0-9a-f]{32})\n/.exec(bytes.toString("latin1", 0, 35))?.[1];
    if (!key) return null;
    at = 35;
  }
  while (at < bytes.length) {
    const end = bytes.indexOf(LF, at), tab = bytes.indexOf(TAB, at);
    if (end < 0 || tab < 0 || tab > end) return null;
    const entity = { id: bytes.toString("latin1", at, tab), stratum: bytes.toString("utf8", tab + 1, end) };
    if (!/^[0-9A-Za-z_-]{1,22}$/.test(entity.id)) return null;
    if (entities.length && compare(entities.at(-1).id, entity.id) >= 0) return null;
    lines.push(bytes.subarray(at, end));
    entities.push(entity);
    at = end + 1;
  }
  return { lines, entities, leaves: lines.map((line, i) => leafOf(line, saltOf(key, entities[i].id))) };
}

const [LEAF, NODE] = [Buffer.from([0]), Buffer.from([1])];
const saltOf = (key, id) => (key === null ? Buffer.alloc(0) : sha(`${key}:${id}`).subarray(0, 16));
const leafOf = (line, salt) => sha(LEAF, salt, line);
function merkleRoot(leaves) {
  let level = leaves;
  while (level.length > 1) {
    const above = [];
    for (let i = 0; i + 1 < level.length; i += 2) above.push(sha(NODE, level[i], level[i + 1]));
    if (level.length % 2) above.push(level.at(-1));
    level = above;
  }
  return level.length ? level[0].toString("hex") : null;
}
function foldProof(line, proof) {
  if (!proof) return null;
  const [salt, path] = Array.isArray(proof) ? ["", proof] : [proof.salt, proof.path];
  let node = leafOf(line, Buffer.from(salt, "hex"));
  for (const step of path) {
    const sibling = Buffer.from(step.slice(1), "hex");
    node = step[0] === "L" ? sha(NODE, sibling, node) : sha(NODE, node, sibling);
  }
  return node.toString("hex");
}

const ticketOf = (seed, id) => digest(`${seed}:${id}`);

function membersOf(entities) {
  const members = new Map();
  for (const { id, stratum } of entities) {
    if (!members.has(stratum)) members.set(stratum, []);
    members.get(stratum).push(id);
  }
  return members;
}
const strataOf = (plan, members) =>
  bare([...members].map(([name, ids]) => [name, quotaOf(plan, name, ids.length)]));

function drawAnew(strata, seed, members) {
  return [...members.keys()].sort(compare).flatMap(stratum => {
    const { quota, reserve } = strata[stratum];
    const ordered = members.get(stratum).map(id => ({ id, ticket: ticketOf(seed, id) }));
    ordered.sort(by(e => e.ticket, e => e.id));
    const taken = ordered.slice(0, quota + reserve);
    return taken.map((e, i) => ({ ...e, stratum, rank: i + 1, reserve: i >= quota }));
  });
}

// The objects of an assignment, in its order: the drawn without reserve by (ticket, id).
function objectsOf(plan, drawn) {
  const place = plan.strata.indexOf("district");
  return drawn.filter(one => !one.reserve)
    .map(one => ({
      id: one.id, ticket: one.ticket,
      district: place < 0 ? null : one.stratum.split("|")[place],
    })).sort(by(o => o.ticket, o => o.id));
}

// ----------------------------------------------------------------------------- assignment, draw/2
const cannotStaff = count => refuse("ZS-DR-06", "objects that cannot be staffed", count);
const holdsAll = (inspector, codes) =>
  inspector.items.length === 0 || codes.every(code => inspector.items.includes(code));
const holdsDistrict = (inspector, district) =>
  district === null || inspector.districts.length === 0 || inspector.districts.includes(district);

function assign2(plan, seed, objects, register) {
  const perObject = plan.staffing.per_object, codes = plan.items.map(item => item.code);
  const mix = (tag, id) => digest(`${seed}:${tag}:${id}`);

  const districts = [...new Set(objects.map(object => object.district))];
  const people = register
    .map(one => ({
      id: one.id, certified: one.certified, recused: new Set(one.recuse), mixed: mix("i", one.id),
      works: districts.map(district => holdsAll(one, codes) && holdsDistrict(one, district)), load: 0,
    })).sort(by(p => p.mixed, p => p.id));
  people.forEach((person, turn) => Object.assign(person, { turn }));
  const placeOf = new Map(districts.map((district, d) => [district, d])), groups = districts.map(() => []);
  objects.forEach((object, number) => {
    Object.assign(object, { number, team: [], d: placeOf.get(object.district) });
    groups[object.d].push(object);
  });
  const counts = groups.map(group => group.length);
  const workers = districts.map((_, d) => people.filter(person => person.works[d]));

  const unstaffed = objects.filter(object => {
    const able = workers[object.d].filter(person => !person.recused.has(object.id));
    return able.length < perObject || !able.some(person => person.certified);
  });
  if (unstaffed.length) cannotStaff(unstaffed.length);

  const kinds = kindsOf(people);
  giveLoads(kinds, counts, perObject);
  const places = placesOf(kinds, counts, perObject);
  const given = placesOfPeople(kinds, places, people, counts.length);
  const orders = fillRows(groups, workers, given, perObject, mix);
  if (settleRecusals(objects, workers, orders, perObject)) evenOut(people, objects, workers);

  const most = plan.staffing.max_load ?? Infinity;
  if (people.some(person => person.load > most)) cannotStaff(null);
  return new Map(objects.map(({ id, team }) => [id, listed(team)]));
}

const listed = team => [...team].sort(by(p => (p.certified ? 0 : 1), p => p.id)).map(p => p.id);

function kindsOf(people) {
  const kinds = new Map();
  for (const person of people) {
    if (!person.works.includes(true)) continue;
    const { certified, works } = person, name = JSON.stringify([certified, works]);
    if (!kinds.has(name)) kinds.set(name, { certified, works, members: [], load: 0 });
    kinds.get(name).members.push(person);
  }
  return [...kinds.values()];
}

// The network of step 2, whose arcs stand in the specification's order, since which of the greatest flows
// comes out depends on it. Within a phase an arc that is full or given up stays so: a place in each
// node's list will do.
function networkOf(kinds, counts, perObject) {
  const n = counts.length, [S, T] = [0, 1], district = d => 2 + 2 * d, kindNode = y => 2 + 2 * n + y;
  const lists = Array.from({ length: 2 + 2 * n + kinds.length }, () => []), to = [], left = [];
  const arc = (a, b, capacity) => {
    lists[a].push(to.push(b) - 1);
    lists[b].push(to.push(a) - 1);
    return left.push(capacity, 0) - 2;
  };
  const into = kinds.map(() => []);
  counts.forEach((count, d) => {
    arc(S, district(d), perObject * count);
    arc(district(d), district(d) + 1, (perObject - 1) * count);
    kinds.forEach(({ works, certified, members }, y) => {
      if (works[d]) into[y][d] = arc(district(d) + (certified ? 0 : 1), kindNode(y), count * members.length);
    });
  });
  const outOf = kinds.map((kind, y) => arc(kindNode(y), T, kind.load));

  function distances() {
    const far = lists.map(() => -1), queue = [S];
    far[S] = 0;
    for (const a of queue)
      for (const e of lists[a])
        if (left[e] > 0 && far[to[e]] < 0) far[to[e]] = far[a] + 1, queue.push(to[e]);
    return far[T] < 0 ? null : far;
  }
  // Dinic's; returns how much more flows.
  function flow() {
    let more = 0;
    for (let far = distances(); far; far = distances()) {
      const next = lists.map(() => 0), walk = [];
      for (let a = S; ; ) {
        if (a === T) {
          const amount = walk.reduce((low, e) => Math.min(low, left[e]), Infinity);
          for (const e of walk) left[e] -= amount, left[e ^ 1] += amount;
          more += amount;
          walk.length = 0;
          a = S;
        }
        const open = e => left[e] > 0 && far[to[e]] === far[a] + 1;
        while (next[a] < lists[a].length && !open(lists[a][next[a]])) next[a]++;
        if (next[a] < lists[a].length) {
          walk.push(lists[a][next[a]]);
          a = to[walk.at(-1)];
        } else if (a === S) break;
        else next[(a = to[walk.pop() ^ 1])]++;
      }
    }
    return more;
  }
  return { left, into, outOf, flow };
}

// Step 1, over kinds instead of people: round after round raises a kind's members evenly, and a kind's
// places can be handed round among members whose loads differ by at most one, so nobody gets more than
// n(d) places in a district.
function giveLoads(kinds, counts, perObject) {
  const { left, outOf, flow } = networkOf(kinds, counts, perObject), done = kinds.map(() => false);
  const inTurn = kinds.flatMap(({ members }, y) => members.map(person => ({ person, y })));
  inTurn.sort(by(({ person }) => person.turn));
  while (!done.every(Boolean))
    for (const { person, y } of inTurn) {
      if (done[y]) continue; // of a kind that can have no more, nobody can
      left[outOf[y]]++;
      if (flow()) person.load++, kinds[y].load++;
      else done[y] = true, left[outOf[y]]--;
    }
}

// Step 2.
function placesOf(kinds, counts, perObject) {
  const { left, into, flow } = networkOf(kinds, counts, perObject);
  flow();
  return into.map(arcs => counts.map((_, d) => (d in arcs ? left[arcs[d] ^ 1] : 0)));
}

// Step 3.
function placesOfPeople(kinds, places, people, districts) {
  const given = people.map(() => new Array(districts).fill(0));
  kinds.forEach((kind, y) => {
    let number = 0;
    places[y].forEach((count, d) => {
      for (let i = 0; i < count; i++) given[kind.members[number++ % kind.members.length].turn][d]++;
    });
  });
  return given;
}

// Step 4; returns each district's orders of its rows, which step 5 goes through again.
function fillRows(groups, workers, given, perObject, mix) {
  return groups.map((group, d) => {
    const orders = [], count = group.length;
    for (let r = 0; r < perObject; r++) {
      const mixed = group.map(object => [mix(String(r), object.id), object]);
      orders.push(mixed.sort(by(([m]) => m, ([, object]) => object.number)).map(([, object]) => object));
    }
    let row = 0, filled = 0;
    let first = 0; // nobody is missing in the row before this object
    for (const person of [...workers[d]].sort(by(p => (p.certified ? 0 : 1), p => p.turn)))
      for (let i = 0; i < given[person.turn][d]; i++) {
        if (filled === count) [row, filled, first] = [row + 1, 0, 0];
        while (orders[row][first].team[row]) first++;
        let at = first;
        while (orders[row][at].team[row] || (row > 0 && orders[row][at].team[row - 1] === person)) at++;
        orders[row][at].team[row] = person;
        filled++;
      }
    return orders;
  });
}

// Step 5; true where somebody was replaced.
function settleRecusals(objects, workers, orders, perObject) {
  let replaced = false;
  const mayJoin = (person, object) => !object.team.includes(person) && !person.recused.has(object.id);
  for (const object of objects)
    for (let r = 0; r < perObject; r++) {
      const p = object.team[r];
      if (!p.recused.has(object.id)) continue;
      const order = orders[object.d][r], here = order.indexOf(object);
      let other = null;
      for (let step = 1; step < order.length && !other; step++) {
        const z = order[(here + step) % order.length], q = z.team[r];
        if (q.certified === p.certified && mayJoin(q, object) && mayJoin(p, z)) other = z;
      }
      if (other) [object.team[r], other.team[r]] = [other.team[r], p];
      else {
        const safe = object.team.some(one => one !== p && one.certified);
        const able = workers[object.d].filter(one => mayJoin(one, object) && (one.certified || safe));
        if (!able.length) cannotStaff(null);
        const taker = able.reduce((best, one) => (one.load < best.load ? one : best));
        object.team[r] = taker;
        p.load--;
        taker.load++;
        replaced = true;
      }
    }
  return replaced;
}

// Back along the way each object gives the one for the other.
function giveAlong(reached, source, last) {
  source.load--;
  last.load++;
  for (let b = last; reached.get(b); ) {
    const [a, object] = reached.get(b);
    object.team[object.team.indexOf(a)] = b;
    b = a;
  }
}

// Step 6.
function evenOut(people, objects, workers) {
  const settled = new Set();
  for (;;) {
    const open = people.filter(person => !settled.has(person));
    if (!open.length) return;
    const source = open.reduce((best, one) => (one.load > best.load ? one : best));
    if (source.load <= Math.min(...open.map(one => one.load)) + 1) return;
    const reached = new Map([[source, null]]), queue = [source], last = search();
    if (!last) {
      for (const person of reached.keys()) settled.add(person);
      continue;
    }
    giveAlong(reached, source, last);

    function search() {
      for (const a of queue)
        for (const object of objects) {
          if (!object.team.includes(a)) continue;
          const safe = object.team.some(one => one !== a && one.certified);
          for (const b of workers[object.d]) {
            if (settled.has(b) || reached.has(b) || (!b.certified && !safe)) continue;
            if (object.team.includes(b) || b.recused.has(object.id)) continue;
            reached.set(b, [a, object]);
            queue.push(b);
            if (b.load <= source.load - 2) return b;
          }
        }
      return null;
    }
  }
}

// ----------------------------------------------------------------------------- assignment, draw/1
function assign1(plan, seed, objects, register) {
  const perObject = plan.staffing.per_object, most = plan.staffing.max_load ?? Infinity;
  const codes = plan.items.map(item => item.code);
  const people = register
    .map(one => ({ id: one.id, certified: one.certified, recused: new Set(one.recuse), one }))
    .sort(by(p => p.id));
  const pools = new Map();
  for (const object of objects) {
    const { district } = object, mayWork = ({ one }) => holdsAll(one, codes) && holdsDistrict(one, district);
    if (!pools.has(district)) pools.set(district, people.filter(mayWork));
    Object.assign(object, { pool: pools.get(district), team: [] });
  }
  if (sum([...pools.values()].map(pool => pool.length)) > 2_000_000) contradiction("inspectors.json");
  const setLoad = (person, load) => {
    Object.assign(person, { load, turn: digest(`${seed}:${load}:${person.id}`) });
  };
  for (const person of people) setLoad(person, 0);

  for (let place = 1; place <= perObject; place++)
    for (const object of objects) {
      let best = null;
      for (const one of object.pool) {
        if (one.recused.has(object.id) || object.team.includes(one)) continue;
        if (place === 1 && !one.certified) continue;
        if (!best || one.load < best.load || (one.load === best.load && one.turn < best.turn)) best = one;
      }
      if (!best) cannotStaff(null);
      object.team.push(best);
      setLoad(best, best.load + 1);
    }

  const byId = [...objects].sort(by(object => object.id)), settled = new Set();
  for (;;) {
    const open = people.filter(person => !settled.has(person));
    if (!open.length) break;
    const source = open.reduce((best, one) => (one.load > best.load ? one : best));
    if (settled.size && source.load <= Math.min(...people.map(one => one.load)) + 1) break;
    const reached = new Map([[source, null]]), last = search1(source, reached, byId);
    if (!last) {
      if (source.load > most) cannotStaff(null);
      for (const person of reached.keys()) if (person.load <= source.load) settled.add(person);
      continue;
    }
    giveAlong(reached, source, last);
    settled.clear();
  }
  return new Map(objects.map(({ id, team }) => [id, listed(team)]));
}

function search1(source, reached, objects) {
  const queue = [source];
  for (const a of queue) {
    const groups = new Map();
    for (const object of objects) {
      if (!object.team.includes(a)) continue;
      const { district, pool, team } = object, safe = team.some(one => one !== a && one.certified);
      if (!groups.has(district)) groups.set(district, { pool, free: [], bound: [] });
      groups.get(district)[safe ? "free" : "bound"].push(object);
    }
    for (const district of [...groups.keys()].sort((x, y) => compare(x ?? "", y ?? ""))) {
      const { pool, free, bound } = groups.get(district);
      for (const b of pool) {
        if (reached.has(b)) continue;
        const open = object => !object.team.includes(b) && !b.recused.has(object.id);
        const object = free.find(open) ?? (b.certified ? bound.find(open) : undefined);
        if (!object) continue;
        reached.set(b, [a, object]);
        queue.push(b);
        if (b.load <= source.load - 2) return b;
      }
    }
  }
  return null;
}

const assign = (version, ...rest) => (version === "zhunsheng.draw/1" ? assign1 : assign2)(...rest);

// ----------------------------------------------------------------------------------------- checks
const SAID = {
  announced: "承诺摘要与公布的一致", plan: "承诺所指的方案即包内方案", inspectors: "承诺所指的名录即包内检查人员名录",
  times: "承诺早于随机数，各时刻先后相符", quotas: "各层抽取数、备选数按方案算得，家数合计即名录家数",
  randomness: "随机数文本由各来源的数值得出", drand: "签名是曲线点的编码（配对本程序不算）", slips: "密封条各不相同",
  seed: "种子由承诺与随机数算得", entered: "两人录入", office: "是否全由机关自定，如实写明", tickets: "每个签号算得",
  order: "各层按签号先后抽取，家数与承诺一致", cutoffs: "各层末位签号相符", proofs: "抽中的都在承诺的名录里",
  assignment: "分派重算一致", own: "证明所指的承诺即此承诺", "own-frame": "由证明算得承诺的树根：当时在名录里",
  "own-place": "按签号，在名单里或不在名单里，与公布的相同", frame: "名录即承诺的名录：摘要、家数、默克尔根", redraw: "由名录重抽，结果一致",
};

// Each check is [code, holds, words]; null is "not checked".
function verify(zip, frame = null, announced = null, own = null) {
  const bundle = readBundle(zip), checks = [];
  const { plan, commitment, seed, inspectors, drawn, cutoffs, proofs, digests } = bundle;
  const { strata } = commitment, names = Object.keys(strata).sort(compare), { values } = seed;
  const committed = digests["commitment.json"];
  const check = (code, holds) => checks.push([code, holds, `${holds === null ? "未核：" : ""}${SAID[code]}`]);

  check("announced", announced === null ? null : announced.trim().toLowerCase() === committed);
  check("plan", commitment.plan === digests["plan.json"] && commitment.draw === plan.id);
  const register = { count: inspectors.length, digest: digests["inspectors.json"] };
  check("inspectors", same(commitment.inspectors, register));
  check("times", timesHold(plan, commitment, seed));
  const asPlanned = names.every(name => same(quotaOf(plan, name, strata[name].size), strata[name]));
  check("quotas", asPlanned && sum(names.map(name => strata[name].size)) === commitment.frame.count);
  check("randomness", seed.randomness === randomnessOf(plan, values, digests["plan.json"]));
  plan.randomness.forEach((source, i) => {
    if (source.source === "drand") check("drand", Object.values(values[i]).every(encoded) ? null : false);
    if (source.sealed) check("slips", new Set(slipDigests(values[i])).size === source.speakers.length);
  });
  check("seed", seed.commitment === committed && seed.seed === seedOf(committed, seed.randomness));
  check("entered", seed.entered_by[0] !== seed.entered_by[1]);
  check("office", seed.controlled_by_office === plan.randomness.every(({ source }) => source === "office"));

  check("tickets", drawn.every(one => one.ticket === ticketOf(seed.seed, one.id)));
  check("order", orderHolds(names, strata, drawn));
  const chosen = drawn.filter(one => !one.reserve), { root } = commitment.frame;
  check("cutoffs", same(cutoffs, bare(chosen.map(one => [one.stratum, one.ticket]))));
  const proven = one => foldProof(`${one.id}\t${one.stratum}`, proofs[one.id]) === root;
  // Left out they may be where they are too many, and only there.
  const leftOut = !Object.keys(proofs).length && drawn.length > 0;
  check("proofs", leftOut ? (drawn.length > 20_000 ? null : false) : drawn.every(proven));
  check("assignment", assignmentHolds(bundle));
  check("frame", frame === null ? null : frameHolds(bundle, frame));
  check("redraw", frame === null ? null : redrawHolds(bundle, frame));
  if (own !== null) for (const [code, holds] of ownHolds(bundle, readOwn(own))) check(code, holds);
  return { checks, strength: strengthOf(plan), accepted: checks.every(([, holds]) => holds !== false) };
}

// An entity's own proof.
const ownShape = object({
  format: literal("zhunsheng.draw-proof/2"), commitment: hex(64), id, stratum, salt: hex(32), path,
});
function readOwn(bytes) {
  if (bytes.length > 16 * 1024) refuse("ZS-DR-49", "longer than 16 KiB");
  try {
    const proof = parse(bytes, "proof");
    ownShape(proof, "proof");
    return proof;
  } catch (error) {
    throw error instanceof Refused ? new Refused("ZS-DR-49", error.place) : error;
  }
}
function ownHolds({ version, commitment, seed, drawn, digests }, proof) {
  const { id, stratum } = proof, numbers = commitment.strata[stratum];
  if (proof.commitment !== digests["commitment.json"]) return [["own", false]];
  const led = foldProof(`${id}\t${stratum}`, proof) === commitment.frame.root;
  if (!led || !numbers || version === FIRST) return [["own", true], ["own-frame", false]];
  const ticket = ticketOf(seed.seed, id), row = drawn.find(one => one.id === id);
  let holds = row?.stratum === stratum && row.ticket === ticket;
  if (!row) {
    const mine = drawn.filter(one => one.stratum === stratum), place = by(o => o.ticket, idOf);
    const wanted = numbers.quota + numbers.reserve;
    holds = wanted < numbers.size && mine.length >= wanted && mine.every(one => place(one, { id, ticket }) < 0);
  }
  return [["own", true], ["own-frame", true], ["own-place", holds]];
}

function timesHold(plan, commitment, seed) {
  const known = seconds(plan.known_at), committed = seconds(commitment.committed_at);
  const rounds = drandTimes(plan), first = Math.min(known, ...rounds);
  const sealed = seed.values.filter(value => value.sealed_at);
  return (
    committed < first && committed + 60 * (plan.lead ?? 0) <= first &&
    rounds.every(time => time <= known) && sealed.every(value => seconds(value.sealed_at) < known)
  );
}

function orderHolds(names, strata, drawn) {
  let at = 0;
  for (const name of names) {
    const quota = strata[name].quota, total = quota + strata[name].reserve;
    for (let rank = 1; rank <= total; rank++, at++) {
      const one = drawn[at];
      if (!one || one.stratum !== name || one.rank !== rank) return false;
      if (one.reserve !== rank > quota) return false;
      const place = by(o => o.ticket, idOf);
      if (rank > 1 && place(drawn[at - 1], one) >= 0) return false;
    }
  }
  return at === drawn.length;
}

function assignmentHolds({ version, plan, seed, drawn, inspectors, assignment }) {
  try {
    const teams = assign(version, plan, seed.seed, objectsOf(plan, drawn), inspectors);
    return assignment.every(one => same(one.inspectors, teams.get(one.id)));
  } catch (error) {
    if (error instanceof Refused && error.code === "ZS-DR-06") return false;
    throw error;
  }
}

function frameHolds({ version, commitment: { frame: said } }, frame) {
  const read = readFrame(frame, version);
  if (read === null || digest(frame) !== said.digest) return false;
  return read.lines.length === said.count && merkleRoot(read.leaves) === said.root;
}

function redrawHolds({ version, plan, commitment, seed, drawn }, frame) {
  const read = readFrame(frame, version);
  if (read === null) return false;
  const members = membersOf(read.entities), strata = strataOf(plan, members);
  if (!Object.values(strata).every(Boolean) || !same(strata, commitment.strata)) return false;
  return same(drawAnew(strata, seed.seed, members), drawn);
}

// ---------------------------------------------------------------------------------------- vectors
function vectors(file) {
  const data = JSON.parse(readFileSync(file, "utf8")), results = [];
  const expect = (name, got, wanted) =>
    results.push([name, same(got, mapped(wanted)), JSON.stringify(wanted).slice(0, 60)]);
  for (const one of data.sources) {
    const plan = mapped(one.plan), values = mapped(one.values);
    checkPlan(plan);
    checkValues(plan, values, one.name);
    expect(`${one.name}: plan`, digest(canonical(plan)), one.plan_digest);
    expect(`${one.name}: randomness`, randomnessOf(plan, values, one.plan_digest), one.randomness);
    expect(`${one.name}: strength`, strengthOf(plan), one.strength);
    if (one.slips) expect(`${one.name}: slips`, values.filter(v => v.salts).flatMap(slipDigests), one.slips);
  }

  const plan = mapped(data.plan);
  checkPlan(plan);
  const bytes = Buffer.from(data.frame.map(line => `${line.join("\t")}\n`).join(""));
  const frame = readFrame(bytes, data.version);
  expect("frame: digest", digest(bytes), data.frame_digest);
  expect("frame: root", merkleRoot(frame.leaves), data.frame_root);
  const { key, version, frame_digest, frame_root, proofs } = data.salted;
  const withKey = Buffer.concat([Buffer.from(`#\t${key}\n`), bytes]);
  expect("salted: digest", digest(withKey), frame_digest);
  expect("salted: root", merkleRoot(readFrame(withKey, version).leaves), frame_root);
  const own = readOwn(Buffer.from(data.salted.own));
  const { stratum: where } = frame.entities.find(one => one.id === own.id);
  expect("salted: own", [own.stratum, foldProof(`${own.id}\t${where}`, own)], [where, frame_root]);
  for (const [id, proof] of Object.entries(proofs)) {
    expect(`salted: salt of ${id}`, proof.salt, saltOf(key, id).toString("hex"));
    const { stratum } = frame.entities.find(one => one.id === id);
    expect(`salted: path of ${id}`, foldProof(`${id}\t${stratum}`, proof), frame_root);
  }
  const strata = strataOf(plan, membersOf(frame.entities));
  expect("strata", strata, mapped(data.strata));
  expect("randomness", randomnessOf(plan, mapped(data.values), digest(canonical(plan))), data.randomness);
  expect("seed", seedOf(data.commitment, data.randomness), data.seed);
  const drawn = drawAnew(strata, data.seed, membersOf(frame.entities));
  expect("drawn", drawn, data.drawn);
  const listed = (teams, order) => order.map(id => ({ id, inspectors: teams.get(id) }));
  const teams = assign(data.version, plan, data.seed, objectsOf(plan, drawn), mapped(data.inspectors));
  expect("assignment", listed(teams, drawn.filter(o => !o.reserve).map(idOf)), data.assignment);

  for (const one of data.assignments) {
    const plan = mapped(one.plan);
    const drawn = one.objects.map(([id, stratum]) => ({ id, stratum, ticket: ticketOf(one.seed, id) }));
    const objects = objectsOf(plan, drawn), { name, refused, count } = one;
    try {
      const teams = assign(one.version, plan, one.seed, objects, mapped(one.inspectors));
      expect(name, listed(teams, objects.map(idOf)), one.assignment ?? refused);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // How many are too many for max_load is not computed here.
      expect(name, [error.code, error.count ?? count ?? null], [refused, count ?? error.count]);
    }
  }

  for (const one of data.plans) {
    const plan = mapped(one.plan), name = plan.id;
    checkPlan(plan);
    const stratumOf = one.sizes.flatMap(([stratum, size]) => Array(size).fill(stratum));
    const line = (stratum, n) => `C${String(n + 1).padStart(6, "0")}\t${stratum}\n`;
    const bytes = Buffer.from(`#\t${one.key}\n${stratumOf.map(line).join("")}`);
    const { leaves, entities } = readFrame(bytes, "zhunsheng.draw/2");
    const members = membersOf(entities), strata = strataOf(plan, members);
    const drawn = drawAnew(strata, one.seed, members);
    expect(`${name}: plan`, digest(canonical(plan)), one.plan_digest);
    expect(`${name}: frame`, [digest(bytes), merkleRoot(leaves)], [one.frame_digest, one.frame_root]);
    expect(`${name}: strata`, strata, one.strata);
    expect(`${name}: drawn`, [drawn.length, digest(canonical(drawn))], [one.drawn, one.drawn_digest]);
  }
  return results;
}

// ---------------------------------------------------------------------------------------- command
function outcome({ bundle, frame = null, commitment = null, proof = null }) {
  const read = path => path && readFileSync(path);
  try {
    return { bundle, ...verify(readFileSync(bundle), read(frame), commitment, read(proof)) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { bundle, refused: error.code, place: error.place, accepted: false };
  }
}

function main(words) {
  const option = name => {
    const at = words.indexOf(name);
    return at < 0 ? null : words.splice(at, 2)[1] ?? null;
  };
  const print = checks => {
    for (const [code, holds, said] of checks) console.log(`${code}\t${holds}\t${said}`);
    return checks.every(([, holds]) => holds !== false) ? 0 : 1;
  };
  const vectorFile = option("--vectors");
  if (vectorFile) return print(vectors(vectorFile));
  const batch = option("--batch");
  if (batch) {
    const results = JSON.parse(readFileSync(batch, "utf8")).map(outcome);
    for (const result of results) console.log(JSON.stringify(result));
    return results.some(one => one.refused) ? 2 : results.every(one => one.accepted) ? 0 : 1;
  }
  const [frame, commitment, proof] = [option("--frame"), option("--commitment"), option("--proof")];
  if (words.length !== 1) {
    console.error("verify.mjs ZIP [--frame F] [--commitment DIGEST] [--proof F] | --vectors F | --batch F");
    return 2;
  }
  const result = outcome({ bundle: words[0], frame, commitment, proof });
  if (!result.refused) return print(result.checks);
  console.log(`refused\tfalse\t${result.refused} ${result.place}`);
  return 2;
}

process.exitCode = main(process.argv.slice(2));
