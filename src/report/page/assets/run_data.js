// The run: its facts by position, who caused whom, and which of them are looked at.

const facts = data.facts;
const NUMBER = facts.id.length;
const positionOf = new Map(facts.id.map((id, position) => [id, position]));

/** Positions of the facts that each fact led to. */
const effects = Array.from({ length: NUMBER }, () => []);
/** Positions of the facts that led to each fact, and how many of them the page does not have. */
const causes = facts.because.map((ids, position) => {
  const known = ids.filter((id) => positionOf.has(id)).map((id) => positionOf.get(id));
  known.forEach((cause) => effects[cause].push(position));
  return known;
});

const laneOfDevice = new Map(data.lanes.map((lane, place) => [lane, place]).filter(([lane]) => lane.is === 'd').map(([lane, place]) => [lane.number, place]));
const topicOf = (position) => data.kinds[facts.kind[position]].topic;
const carrierOf = (position) => data.kinds[facts.kind[position]].carrier;
const tagOf = (position) => (facts.tag[position] < 0 ? data.kinds[facts.kind[position]].name.replaceAll('_', ' ') : facts.tags[facts.tag[position]]);

/** What the reader looks at. */
const look = {
  explanation: -1,
  scope: 'all',
  spacing: 'even',
  view: 'diagram',
  room: -1,
  user: -1,
  topics: new Set(data.topics.keys()),
  query: '',
  zoom: 0,
  /** The position of the fact that is looked at: what devices have is shown as of then. */
  current: 0,
};

/** The explanation that is looked at, by the positions of its facts: whether it rests on them, and what they came from. */
let slice = new Map();

function readSlice() {
  const told = data.explanations[look.explanation];
  const all = told ? told.facts.filter(([id]) => positionOf.has(id)) : [];
  slice = new Map(all.map(([id, witness, because]) => [
    positionOf.get(id),
    { witness: witness === 1, causes: because.map((one) => positionOf.get(one)).filter((one) => one !== undefined) },
  ]));
}

function isOfUser(position, user) {
  const lane = data.lanes[facts.lane[position]];
  const peer = facts.peer[position] < 0 ? null : data.lanes[facts.peer[position]];
  return lane.user === user || facts.user[position] === user || (peer !== null && peer.user === user);
}

/** The positions of the facts that are shown, in order. */
function visible() {
  const query = look.query.trim().toLowerCase();
  const number = /^#\d+$/.test(query) ? Number(query.slice(1)) : -1;
  const shown = [];
  for (let position = 0; position < NUMBER; position += 1) {
    if (look.scope === 'slice' && !slice.has(position)) continue;
    if (!look.topics.has(topicOf(position))) continue;
    // What is about no room in particular belongs to every room.
    if (look.room >= 0 && facts.room[position] >= 0 && facts.room[position] !== look.room) continue;
    if (look.user >= 0 && !isOfUser(position, look.user)) continue;
    if (number >= 0) {
      if (facts.id[position] !== number) continue;
    } else if (query !== '' && !matches(position, query)) continue;
    shown.push(position);
  }
  return shown;
}

function matches(position, query) {
  return facts.text[position].toLowerCase().includes(query)
    || tagOf(position).toLowerCase().includes(query)
    || data.lanes[facts.lane[position]].name.toLowerCase().includes(query);
}

/** What every device has after the fact at `position`: by device, part and name; with what this very fact changed. */
function stateAt(position) {
  const id = facts.id[position];
  const devices = new Map();
  const changed = new Set();
  for (const [by, device, slot, key, value] of data.changes ?? []) {
    if (by > id) break;
    if (!devices.has(device)) devices.set(device, data.slots.map(() => new Map()));
    const part = devices.get(device)[slot];
    // What changes goes to the end, so that the latest stands last.
    part.delete(key);
    if (value !== null) part.set(key, value);
    if (by === id) changed.add(`${device} ${slot} ${key}`);
  }
  return { devices, changed };
}
